"""Which files are taken: what two libraries write is, what is something else or hides something is not."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from moms.desk.files import KINDS, MOST_BYTES, NotAFile, checked


def a_pdf(*, script: bool = False) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    canvas.drawString(72, 720, "Method statement")
    if script:
        canvas.setCatalogEntry("OpenAction", {"S": "/JavaScript", "JS": "(app.alert(1))"})
    canvas.save()
    return out.getvalue()


def a_picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, kind)
    return out.getvalue()


GOOD = {
    "statement.pdf": a_pdf(),
    "Zeichnung Ü-7.PNG": a_picture("PNG"),
    "crew.jpg": a_picture("JPEG"),
    "notes.txt": b"isolate at 07:00\nthen ground\n",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_other_programs_write_is_taken_under_its_own_kind(name):
    plain, kind = checked(name, None, GOOD[name])
    assert plain == name
    assert kind in {one.media for one in KINDS}
    assert checked(name, f"{kind}; charset=utf-8", GOOD[name]) == (plain, kind)


@pytest.mark.parametrize("ending", [".pdf", ".png", ".jpg", ".txt"])
@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_says_another_kind_is_refused(name, ending):
    if name.lower().endswith(ending) or (ending == ".txt" and name == "statement.pdf"):
        return  # what some program writes as a PDF may be text all through
    with pytest.raises(NotAFile) as refused:
        checked(f"x{ending}", None, GOOD[name])
    assert refused.value.field == "file"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        ".pdf",
        "a/b.pdf",
        "..\\b.pdf",
        "a\x00.pdf",
        "a\n.pdf",
        "a\u202egnp.pdf",
        "x" * 200 + ".pdf",
        "a:b.pdf",
        "a",
    ],
)
def test_a_name_that_could_be_a_path_or_deceive_is_refused(name):
    with pytest.raises(NotAFile) as refused:
        checked(name, None, GOOD["statement.pdf"])
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["x.zip", "x.docx", "x.svg", "x.html", "x.exe", "x.pdf.exe", "x.tar.gz", "x.csv"])
def test_archives_programs_and_what_a_browser_or_spreadsheet_runs_are_not_taken(name):
    with pytest.raises(NotAFile, match="not taken"):
        checked(name, None, b"PK\x03\x04")


def test_what_the_sender_calls_otherwise_is_refused():
    with pytest.raises(NotAFile) as refused:
        checked("x.pdf", "text/html", GOOD["statement.pdf"])
    assert refused.value.field == "Content-Type"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.pdf", a_pdf(script=True)),
        ("x.pdf", GOOD["statement.pdf"].replace(b"/Type /Catalog", b"/Type /Catalog /#4aS (x)")),
        ("x.pdf", GOOD["statement.pdf"].replace(b"/Type /Catalog", b"/Type /Catalog /EmbeddedFiles 1 0 R")),
        ("x.pdf", GOOD["statement.pdf"] + b"PK\x03\x04" * 400),
        ("x.png", GOOD["Zeichnung Ü-7.PNG"] + b"<script>"),
        ("x.jpg", GOOD["crew.jpg"] + b"PK\x03\x04"),
        ("x.txt", b"a\x00b"),
        ("x.txt", b"\xff\xfe"),
        ("x.txt", b"\x1b[2J"),
        ("x.txt", b""),
        ("x.txt", b"x" * (MOST_BYTES + 1)),
    ],
)
def test_what_hides_something_is_cut_or_is_too_big_is_refused(name, body):
    with pytest.raises(NotAFile):
        checked(name, None, body)


def test_a_picture_that_is_huge_once_unpacked_is_refused():
    wide = a_picture("PNG")
    bomb = wide[:16] + (60_000).to_bytes(4, "big") * 2 + wide[24:]
    with pytest.raises(NotAFile, match="60000 by 60000"):
        checked("x.png", None, bomb)
    tall = re.sub(rb"(\xff\xc0..\x08)....", lambda m: m[1] + b"\xff" * 4, GOOD["crew.jpg"], count=1, flags=re.DOTALL)
    with pytest.raises(NotAFile, match="65535 by 65535"):
        checked("x.jpg", None, tall)


@given(data=st.data())
def test_a_file_cut_anywhere_is_refused_and_breaks_nothing(data):
    name = data.draw(st.sampled_from([n for n in GOOD if not n.endswith(".txt")]))
    body = GOOD[name]
    cut = body.rstrip()[: data.draw(st.integers(0, len(body.rstrip()) - 8))]
    with pytest.raises(NotAFile):
        checked(name, None, cut)


@given(name=st.text(max_size=40), media=st.none() | st.text(max_size=20), body=st.binary(max_size=400))
def test_whatever_comes_is_taken_or_refused_with_a_field(name, media, body):
    found, refused = None, None
    try:
        found = checked(name, media, body)
    except NotAFile as why:
        refused = why
    if refused is not None:
        assert refused.field in {"name", "Content-Type", "file"}
        assert refused.fix
    if found is not None:
        assert found[1] in {one.media for one in KINDS}
        assert not set(found[0]) & set("/\\")
