"""What tests of pages rely on: that the browser has no network, hears complaints, and judges access."""

import pytest
from axe import list_issues

_CLEAN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<main><h1>A page</h1><p>Words.</p></main></html>"""
_FAULTY = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
<main><h1>A page</h1><p style="color: #ddd; background: #fff">Pale words.</p>
<img src="data:image/png;base64,">
<p style="width: 3000px">Wide.</p><script>
console.warn('a warning'); setTimeout(() => { throw new Error('thrown later'); });
fetch('https://example.org/data.json').catch(() => null);</script></main></html>"""


@pytest.fixture
def write_page(tmp_path):
    def write(text):
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_clean_page_has_no_issue_and_no_complaint_under_a_policy_that_forbids_scripts(
    open_page, write_page
):
    opened = open_page(write_page(_CLEAN))
    assert list_issues(opened.page, grave_only=False) == []
    assert opened.complaints == []
    assert opened.list_strangers() == []
    assert opened.measure_overflow() == 0


def test_pale_words_a_nameless_picture_a_warning_a_throw_and_a_request_are_all_heard(open_page, write_page):
    opened = open_page(write_page(_FAULTY))
    opened.page.wait_for_timeout(300)
    assert {issue.split()[0] for issue in list_issues(opened.page)} == {"color-contrast", "image-alt"}
    heard = " ".join(opened.complaints)
    assert "a warning" in heard
    assert "thrown later" in heard
    assert "failed: https://example.org/data.json" in heard
    assert opened.list_strangers() == ["https://example.org/data.json"]
    assert opened.measure_overflow() > 1000


def test_a_browser_without_webgl_can_be_asked_for(open_page, write_page):
    asked = "Boolean(document.createElement('canvas').getContext('webgl2'))"
    page = write_page(_CLEAN)
    assert open_page(page).page.evaluate(asked)
    assert not open_page(page, webgl=False).page.evaluate(asked)
