from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.template import Context, engines
from django.test import RequestFactory
from django_cotton.compiler_regex import CottonCompiler


def draw(source: str, **context: Any) -> str:
    """Render a template text, components included."""
    request = RequestFactory().get("/desk/cases?state=open&q=灯")
    compiled = CottonCompiler().process("{% load shell %}" + source)
    template = engines["django"].engine.from_string(compiled)
    return " ".join(template.render(Context({"request": request, **context})).split())


class Matter(forms.Form):
    what = forms.CharField(label="发生了什么", help_text="时间、地点")
    kind = forms.ChoiceField(label="类别", choices=[("a", "报修"), ("b", "咨询")], widget=forms.RadioSelect)
    photo = forms.FileField(label="照片", required=False)
    agree = forms.BooleanField(label="已核对", required=False)


def test_a_button_passes_on_what_it_does_not_know() -> None:
    html = draw('<c-button kind="primary" type="submit" hx-post="/x" data-key="a">送出</c-button>')
    assert 'type="submit"' in html
    assert 'class="btn btn--primary' in html
    assert 'hx-post="/x"' in html
    assert 'data-key="a"' in html


def test_a_button_that_cannot_be_pressed_says_why() -> None:
    html = draw('<c-button disabled why="还缺一张照片">结案</c-button>')
    assert 'aria-disabled="true"' in html
    assert "还缺一张照片</span>" in html


def test_names_of_the_page_do_not_leak_into_components() -> None:
    html = draw(
        '<c-text name="q" label="关键词" />', error="页面的错", hint="页面的提示", value="页面的值", required=True
    )
    assert "页面" not in html
    assert "required" not in html


def test_a_field_ties_label_hint_and_error_together() -> None:
    html = draw('<c-text name="phone" label="手机号" hint="只用于联系" error="少一位" value="138" required />')
    assert '<label class="field__label" for="id_phone">手机号' in html
    assert 'aria-describedby="id_phone_helptext id_phone_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_phone_error"' in html


def test_a_bound_field_draws_itself_in_our_look() -> None:
    form = Matter({"what": ""})
    html = draw('<c-field :field="form.what" />', form=form)
    assert 'class="field field--error' in html
    assert 'for="id_what"' in html
    assert 'id="id_what_helptext"' in html
    assert 'id="id_what_error"' in html
    assert draw('<c-field :field="form.kind" />', form=form).count('class="choice"') == 2
    assert "data-preview" in draw('<c-field :field="form.photo" />', form=form)
    assert 'class="check"' in draw('<c-field :field="form.agree" />', form=form)


def test_the_error_summary_leads_to_the_fields() -> None:
    html = draw('<c-errors :form="form" />', form=Matter({"what": ""}))
    assert 'href="#id_what"' in html
    assert "errors-summary" not in draw('<c-errors :form="form" />', form=Matter())


def test_the_pager_keeps_the_filters() -> None:
    html = draw('<c-pager :page="page" />', page={"prev": None, "next": "xyz"})
    assert "state=open" in html
    assert "cursor=xyz" in html
    assert 'rel="prev"' not in html


@pytest.mark.parametrize("state", ["none", "blue", "yellow", "red", "black"])
def test_a_light_is_a_colour_a_shape_and_a_word(state: str) -> None:
    html = draw('<c-light state="{{ state }}" />', state=state)
    assert f"light--{state}" in html
    assert "<use href=" in html
    assert html.rstrip().removesuffix("</span></span>")[-1] not in ">"


def test_numbers_on_maps_are_for_machines() -> None:
    html = draw('<c-map :lon="lon" :lat="lat" pick />', lon=112.35, lat=28.59)
    assert 'lon="112.35"' in html
    assert 'lon-input="#id_lon"' in html
