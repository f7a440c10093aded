"""The figures of the long jobs as an SVG: a group of bars for each model, one bar for each law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jinja2 import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLOURS: Final = ("#2c7a55", "#c9862b", "#4f6fb5", "#b3382c", "#7d5a96")
_FROM: Final = 0.9  # where the bars begin; an oracle's is 1.0
_TO: Final = 3.0
_UNIT: Final = 250  # pixels for 1.0
_BAR: Final = 7
_LEFT: Final = 250
_TOP: Final = 60
_TEMPLATE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="800" height="{{ height }}" font-family="sans-serif" font-size="12">
<title>Ten minutes' work, time over that of an oracle</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="20" font-size="15">Ten minutes' work, time over that of an oracle</text>
{% for law in laws %}
<rect x="{{ 10 + loop.index0 * 150 }}" y="32" width="10" height="10" fill="{{ colours[loop.index0] }}"/>
<text x="{{ 25 + loop.index0 * 150 }}" y="42">{{ law }}</text>
{% endfor %}
{% for ratio in (1.0, 1.5, 2.0, 2.5, 3.0) %}
<path d="M{{ left + (ratio - start) * unit }} {{ top }}V{{ height - 20 }}" stroke="#ccc"/>
<text x="{{ left + (ratio - start) * unit }}" y="{{ height - 5 }}" text-anchor="middle">{{ ratio }}</text>
{% endfor %}
{% for model, ratios in rows.items() %}
{% set y = top + loop.index0 * group %}
<text x="{{ left - 10 }}" y="{{ y + group / 2 }}" text-anchor="end">{{ model }}</text>
{% for ratio in ratios %}
<rect x="{{ left }}" y="{{ y + loop.index0 * bar }}" width="{{ "%.1f" | format((ratio - start) * unit) }}" \
height="{{ bar - 1 }}" fill="{{ colours[loop.index0] }}"><title>{{ "%.2f" | format(ratio) }}</title></rect>
{% endfor %}
{% endfor %}
</svg>
"""


def draw(laws: Sequence[str], ratios: Mapping[str, Sequence[float]]) -> str:
    """The picture; `ratios` has the figure of each law by the model's name, and those above 3 are cut off there."""
    group = _BAR * (len(laws) + 1)
    return (
        Environment(autoescape=True, trim_blocks=True)
        .from_string(_TEMPLATE)
        .render(
            laws=laws,
            rows={model: [min(_TO, max(_FROM, ratio)) for ratio in each] for model, each in ratios.items()},
            colours=_COLOURS,
            start=_FROM,
            unit=_UNIT,
            bar=_BAR,
            group=group,
            left=_LEFT,
            top=_TOP,
            height=_TOP + group * len(ratios) + 25,
        )
    )
