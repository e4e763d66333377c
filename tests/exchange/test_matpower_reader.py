"""What of MATLAB's writing is read, and that everything else is refused with its line."""

from __future__ import annotations

import numpy as np
import pytest

from moms.exchange._mfile import Assigned, BadCaseFile, Cell, Code, Matrix, read


def _value(body: str):
    document = read(f"function mpc = x\n{body}\n")
    (statement,) = document.statements
    assert isinstance(statement, Assigned)
    return statement.value


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        ("[1 2;3 4]", [[1, 2], [3, 4]]),
        ("[1, 2; 3, 4;];", [[1, 2], [3, 4]]),
        ("[\n1 2\n3 4\n]", [[1, 2], [3, 4]]),
        ("[\n\t1\t2;\n\n\t3\t4;\n];", [[1, 2], [3, 4]]),
        ("[ % rows [MW]; not = these\n1 2; % 9 9\n%7 7;\n3 4 # 5\n];", [[1, 2], [3, 4]]),
        ("[1 ... the rest is said below ]\n 2;\n3 4]", [[1, 2], [3, 4]]),
        ("[1e3 -2.5E-1; +.5 7.]", [[1000, -0.25], [0.5, 7]]),
        ("[Inf -inf; NaN 0]", [[np.inf, -np.inf], [np.nan, 0]]),
        ("[[1 2]; [3 4]]", [[1, 2], [3, 4]]),
        ("[[1] [2 3]]", [[1, 2, 3]]),
        ("[50/4 135/sqrt(9)]", [[12.5, 45]]),
        ("[]", np.zeros((0, 0))),
    ],
)
def test_a_matrix_is_read_however_it_is_laid_out(written, rows):
    value = _value(f"mpc.a = {written}")
    assert isinstance(value, Matrix)
    np.testing.assert_array_equal(value.values, np.array(rows, dtype=float))


def test_the_line_of_each_row_is_kept():
    value = _value("mpc.a = [\n% one\n1 2; 3 4;\n\n5 ...\n 6;\n7 8];")
    assert isinstance(value, Matrix)
    assert value.line.tolist() == [4, 4, 6, 8]


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ("{'a'; 'b'}", ("a", "b")),
        ("{\n\t'a';\n\t'it''s; 50% {b}';\n};", ("a", "it's; 50% {b}")),
        ("{ \"a\", 'b' % c\n 'd' }", ("a", "b", "d")),
        ("{'a', ... more\n'b'}", ("a", "b")),
        ("{}", ()),
    ],
)
def test_a_cell_of_texts_is_read(written, texts):
    value = _value(f"mpc.a = {written}")
    assert isinstance(value, Cell)
    assert value.plain
    assert value.texts == texts


def test_a_cell_inside_a_cell_is_not_a_plain_list():
    value = _value("mpc.a = { 'x' {'y'; 1} };")
    assert isinstance(value, Cell)
    assert not value.plain


@pytest.mark.parametrize(("written", "value"), [("100;", 100.0), ("50/3", 50 / 3), ("'2';", "2"), ('"a""b"', 'a"b')])
def test_numbers_and_texts_are_read(written, value):
    assert _value(f"mpc.a = {written}") == value


def test_statements_on_one_line_block_comments_and_line_ends_of_other_systems_are_read():
    text = "function mpc = x\r\nmpc.a = 1; mpc.b = [1 2]; % c\r\n%{\r\nmpc.c = 3;\r\n%}\r\nmpc.d = 'e';\r\n"
    names = [s.name for s in read(text).statements if isinstance(s, Assigned)]
    assert names == ["mpc.a", "mpc.b", "mpc.d"]


def test_code_is_handed_back_joined_and_with_its_line():
    (code,) = read("function mpc = x\n\n[A, B, ...\n   C] = idx_bus;\n").statements
    assert code == Code(text="[A,B,C]=idx_bus", line=3)


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("mpc.a = [\n1 2;\n3 4;\n", 2, "never closed"),
        ("mpc.a = [\n1 2;\nmpc.b = [\n1 2;\n];", 4, "not closed before"),
        ("mpc.a = [\n1 2;\n[3 4\n];", 4, "inner bracket is not closed"),
        ("mpc.a = [\n1 2;\nmpc.b = 3;\n];", 4, "not closed before"),
        ("mpc.a = [\n1 2;\n3;\n];", 4, "1 columns"),
        ("mpc.a = [\n1 x;\n];", 3, "'x' is not a number"),
        ("mpc.a = [\n1 2-1;\n];", 3, "'2-1' is not a number"),
        ("mpc.a = [\n1 1_0;\n];", 3, "'1_0' is not a number"),
        ("mpc.a = [\n1 \u0663;\n];", 3, "is not a number"),
        ("mpc.a = [\n1 infinity;\n];", 3, "is not a number"),
        ("mpc.a = [\n1 0x1F;\n];", 3, "'0x1F' is not a number"),
        ("mpc.a = [\n1 3/0;\n];", 3, "'3/0' is not a number"),
        ("mpc.a = [\n1,,2;\n];", 3, "before a comma"),
        ("mpc.a = [1 2; 3 4]';", 2, "computed"),
        ("mpc.a = [1 2] * 2;", 2, "computed"),
        ("mpc.a = [[1; 2] [3; 4]];", 2, "inner bracket"),
        ("mpc.a = {\n'x';\n'y", 4, "cannot be read"),
        ("mpc.a = {\n'x';\n", 2, "never closed"),
        ("mpc.a = 'x", 2, "not closed"),
        ("%{\nmpc.a = 1;", 2, "never closed"),
        ("mpc.a = 1/0;", 2, "divides by zero"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(body, line, says):
    with pytest.raises(BadCaseFile, match=says) as refusal:
        read(f"function mpc = x\n{body}\n")
    assert refusal.value.line == line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("% only this\n", "empty"),
        ("mpc.a = 1;", "expected `function"),
        ("bus,load\n1,2\n", "expected `function"),
        ("function [baseMVA, bus, gen, branch] = case9\n", "version 1"),
        ("function mpc = x\nmpc.a = 12", "middle of the number"),
        ("MOMSGRID\0\1", "not a text file"),
    ],
)
def test_a_file_that_is_no_such_function_is_refused(text, says):
    with pytest.raises(BadCaseFile, match=says):
        read(text)
