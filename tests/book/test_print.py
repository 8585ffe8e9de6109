"""Printing the book: every page, in reading order, and a sentence where something is missing."""

import shutil

import pytest

import print_book
from needs import need


def test_a_book_that_is_not_built_is_asked_for(tmp_path):
    with pytest.raises(SystemExit, match="make book"):
        print_book.print_book(tmp_path, tmp_path / "pdf")


def test_a_missing_browser_is_named(tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("x")
    monkeypatch.setattr(print_book.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="no Chromium"):
        print_book.print_book(tmp_path, tmp_path / "pdf")


def test_every_page_becomes_a_pdf(tmp_path, monkeypatch):
    browsers = list(map(shutil.which, print_book.BROWSERS))
    need(any(browsers), "no Chromium: 'apt-get install chromium' enables the test of printing")
    for name in ("index", "a", "b"):
        (tmp_path / f"{name}.html").write_text(f"<!doctype html><title>{name}</title><p>page {name}</p>")
    monkeypatch.setattr(print_book, "stems", lambda: ["index", "a", "b"])
    printed = print_book.print_book(tmp_path, tmp_path / "pdf")
    assert [path.name for path in printed] == ["00-index.pdf", "01-a.pdf", "02-b.pdf"]
    assert all(path.read_bytes().startswith(b"%PDF") and path.stat().st_size > 1000 for path in printed)
