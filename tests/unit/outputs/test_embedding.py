import json
import re

from bokeh.plotting import figure

from pipeline.outputs import embedding

HOSTILE = "</script><script>alert(1)</script>&<!--\u2028"


def drawn():
    chart = figure(x_range=[HOSTILE, "b"], height=200)
    chart.line([HOSTILE, "b"], [1.25, 2.5], legend_label=HOSTILE)
    return chart


def test_a_chart_has_the_same_bytes_however_many_were_drawn_before():
    first = embedding.dump_chart(drawn(), "chart-a")
    drawn()
    assert embedding.dump_chart(drawn(), "chart-a") == first


def test_no_two_parts_of_a_chart_share_a_number_and_every_reference_leads_somewhere():
    item = json.loads(embedding.dump_chart(drawn(), "chart-a"))
    made, named = [], set()

    def walk(part):
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            walk(value)
        if isinstance(part, dict) and isinstance(part.get("id"), str):
            (made.append if "type" in part else named.add)(part["id"])

    walk(item)
    assert len(made) == len(set(made)) > 10
    assert named | {item["root_id"]} <= set(made)
    assert item["target_id"] == "chart-a"


def test_no_text_of_a_chart_can_end_the_script_element():
    text = embedding.dump_chart(drawn(), "chart-a")
    assert not set("<>&\u2028") & set(text)
    assert HOSTILE in json.dumps(json.loads(text), ensure_ascii=False)


def test_the_script_carries_its_licence_and_cannot_end_its_element():
    script = embedding.build_script()
    assert "Redistribution and use in source and binary forms" in script[:2000]
    assert "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS" in script[:2000]
    assert "</script" not in script.lower()
    assert "sourceMappingURL" not in script


def test_the_policy_lets_nothing_load_and_only_named_scripts_run():
    found = embedding.build_policy("a()", "b()")
    assert found.startswith("default-src 'none'")
    assert len(re.findall(r"'sha256-[\w+/]{43}='", found)) == 2
    assert "unsafe-eval" not in found
    assert "script-src 'none'" in embedding.build_policy()
