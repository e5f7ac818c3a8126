"""Labels of metrics come from fixed sets."""

from __future__ import annotations

from web.metrics import METHODS, OTHER_METHOD, method_label


def test_a_method_that_http_does_not_have_opens_no_series(http):
    for number in range(30):
        assert http.open("/health/live", method=f"WORD{number}").status_code == 405
        http.open(f"/no/such/path/{number}", method=f"WORD{number}")
    text = http.get("/metrics").get_data(as_text=True)
    assert "WORD" not in text and "/no/such/path" not in text
    assert f'method="{OTHER_METHOD}",route="(no route)",status="405"' in text


def test_every_label_is_known_before_anybody_asks(http):
    http.get("/health/live")
    methods = {
        sample.labels["method"]
        for metric in http.application.extensions["interestgraph"].metrics._registry.collect()
        for sample in metric.samples
        if "method" in sample.labels
    }
    assert methods and methods <= METHODS | {OTHER_METHOD}
    assert method_label("get") == method_label("X" * 10_000) == OTHER_METHOD
