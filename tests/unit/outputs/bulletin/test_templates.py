"""Templates of the office: what is wrong with one is said by name and place, before anything is written."""

import io
import re
import zipfile

import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from pipeline.aoi import PROJECT_ROOT
from pipeline.commands.bulletin import make_bulletin
from pipeline.errors import InputError
from pipeline.outputs.bulletin import printing
from pipeline.outputs.bulletin.checking import check_template, list_template_fields
from pipeline.outputs.bulletin.drafting import FOLDER, draft_template
from tests.bulletins import publish_two_areas, read_words

PAGE = (PROJECT_ROOT / "docs" / "bulletin.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def no_office(monkeypatch):
    monkeypatch.setattr(printing, "find_office", lambda: None)


def template_of(path, *paragraphs, cell="", header=""):
    document = Document()
    for words in paragraphs:
        document.add_paragraph(words)
    if cell:
        document.add_table(1, 1).rows[0].cells[0].text = cell
    if header:
        document.sections[0].header.paragraphs[0].text = header
    document.save(path)
    return path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_templates_that_are_delivered_are_those_that_are_drafted(language):
    stored = FOLDER / f"bulletin_{language}.docx"
    assert stored.read_bytes() == draft_template(language)
    check_template(stored)


def test_every_field_stands_in_the_templates_or_is_told_of_on_the_page():
    told = set(re.findall(r"`([\w.]+)`", PAGE))
    assert set(list_template_fields()) - told == set()
    assert {"tasks.next_step", "areas.maps.legend", "charts.graph"} <= set(list_template_fields())


def test_a_template_of_the_office_is_filled_in(tmp_path):
    publish_two_areas(tmp_path)
    own = template_of(
        tmp_path / "own.docx",
        "{{ period }} / {{ office }}",
        "{%p for line in conclusions %}",
        "{{ line }}",
        "{%p endfor %}",
    )
    made = make_bulletin(tmp_path, period="2024Q3", template=own, office="<某>局 & 某办")
    words = read_words(made.document)
    assert words[0] == "2024年第三季度 / <某>局 & 某办"
    assert len(words) == 9


def test_all_unknown_fields_are_named_at_once_with_their_places(tmp_path):
    path = template_of(
        tmp_path / "own.docx",
        "{{ title }}",
        "{%p for task in tasks %}",
        "{{ task.next_stepp }} {{ task.target }}",
        "{%p endfor %}",
        cell="{{ offfice }}",
        header="{{ secret }}",
    )
    with pytest.raises(InputError) as refused:
        check_template(path)
    told = {problem.found.partition("（")[0]: problem for problem in refused.value.problems}
    assert set(told) == {"next_stepp", "offfice", "secret"}
    assert told["next_stepp"].place.endswith("paragraph 3")
    assert told["next_stepp"].expected.startswith("next_step")
    assert told["offfice"].expected.startswith("office")
    assert "header" in told["secret"].place
    assert refused.value.exit_code == 3


@pytest.mark.parametrize(
    ("paragraphs", "named"),
    [
        (["{%p for task in tasks %}", "{{ task.target }}"], "for"),
        (["{{ title", "and }"], "title"),
        (["{{ title | shout }}"], "shout"),
        (["{{ title + 3 }}"], "TypeError"),
        (["{{ title.__class__.__mro__ }}"], "__class__"),
        (["{%p if title %}", "{{ title }}", "{%p endfor %}"], "endfor"),
        (["{{ charts[0].graph }} {{ title / 0 }}"], "TypeError"),
    ],
    ids=["open", "half", "filter", "sum", "private", "crossed", "division"],
)
def test_what_cannot_be_filled_in_is_refused(tmp_path, paragraphs, named):
    with pytest.raises(InputError, match="The template cannot be used") as refused:
        check_template(template_of(tmp_path / "own.docx", *paragraphs))
    (problem,) = refused.value.problems
    assert named in str(problem)


def test_tags_that_lead_out_of_a_table_are_refused(tmp_path):
    document = Document()
    document.add_table(1, 1).rows[0].cells[0].text = "{% for line in notes %}{{ line }}"
    document.add_paragraph("{% endfor %}")
    document.save(tmp_path / "own.docx")
    with pytest.raises(InputError, match="The template cannot be used"):
        check_template(tmp_path / "own.docx")


@pytest.mark.parametrize("content", [None, b"", b"{\\rtf1 hello}", b"PK\x03\x04 cut short"])
def test_what_is_no_word_document_is_refused_by_name(tmp_path, content):
    path = tmp_path / "own.docx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(str(path))):
        check_template(path)


def test_a_workbook_that_is_called_a_document_is_refused(tmp_path):
    path = tmp_path / "own.docx"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as parts:
        parts.writestr(
            "[Content_Types].xml",
            "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>",
        )
    path.write_bytes(packed.getvalue())
    with pytest.raises(InputError, match="Word"):
        check_template(path)


def test_nothing_is_written_where_the_template_is_refused(tmp_path):
    publish_two_areas(tmp_path)
    own = template_of(tmp_path / "own.docx", "{{ wrong }}")
    with pytest.raises(InputError):
        make_bulletin(tmp_path, period="2024Q3", template=own, to=tmp_path / "to.docx")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["own.docx"]


def test_a_document_has_no_pages_across_without_targets(tmp_path):
    publish_two_areas(tmp_path)
    with_form = make_bulletin(tmp_path, period="2024Q3", to=tmp_path / "with.docx").document
    without = make_bulletin(tmp_path, period="2023Q4", to=tmp_path / "without.docx").document
    assert [section.orientation for section in Document(with_form).sections] == [0, 1, 0]
    assert [section.orientation for section in Document(without).sections] == [0]
    for section in [*Document(with_form).sections, *Document(without).sections]:
        assert "模拟数据" in section.header.paragraphs[0].text
        assert sorted([section.page_width.mm, section.page_height.mm]) == pytest.approx([210, 297], abs=0.1)


def test_a_split_field_is_one_field(tmp_path):
    """Word cuts what is typed into runs, at every change of a letter."""
    document = Document()
    paragraph = document.add_paragraph()
    for piece in ("{{ per", "iod", " }}"):
        paragraph.add_run(piece)
    proof = OxmlElement("w:proofErr")
    proof.set(qn("w:type"), "spellStart")
    paragraph.runs[1]._element.addprevious(proof)
    document.save(tmp_path / "own.docx")
    publish_two_areas(tmp_path)
    made = make_bulletin(tmp_path, period="2024Q3", template=tmp_path / "own.docx")
    assert read_words(made.document)[0] == "2024年第三季度"
