"""One bar chart in three forms: Slack's own chart block, a rendered picture, and text with the same figures."""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from bot.core.cards.mrkdwn import Block

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, ROW, MARGIN, LABELS = 960, 44, 24, 260  # pixels
COLOURS = ("#1264a3", "#e8912d")
INK, PAPER, FAINT = "#1d1c1d", "#ffffff", "#616061"
MOST = 12  # categories; Slack takes 20
NAME = 20  # characters, Slack's limit for labels and names


@dataclass(frozen=True)
class Chart:
    title: str  # at most 50 characters
    unit: str  # "cases", "hours"
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]  # name -> a value for each category

    @property
    def shown(self) -> tuple[str, ...]:
        return self.categories[:MOST]


def block(chart: Chart) -> Block:
    names = [name[:NAME] for name in chart.shown]
    return {
        "type": "data_visualization",
        "title": chart.title[:50],
        "chart": {
            "type": "bar",
            "axis_config": {"categories": names, "y_label": chart.unit},
            "series": [
                {
                    "name": name[:NAME],
                    "data": [{"label": one, "value": value} for one, value in zip(names, values, strict=False)],
                }
                for name, values in chart.series
            ],
        },
    }


def lines(chart: Chart) -> list[str]:
    """ "Refund: 12 cases", "Refund: median 2.5, p95 20 hours"."""
    return [f"{name}: {_values(chart, n)}" for n, name in enumerate(chart.shown)]


def _values(chart: Chart, n: int) -> str:
    one = len(chart.series) == 1
    parts = [f"{values[n]:g}" if one else f"{name} {values[n]:g}" for name, values in chart.series]
    return f"{', '.join(parts)} {chart.unit}"


def png(charts: tuple[Chart, ...]) -> bytes:
    """All charts below each other, for a Slack that does not know the chart block."""
    from PIL import Image, ImageDraw  # here, since few installations ever need it: it costs 10 MB of memory

    heights = [_height(chart) for chart in charts]
    image = Image.new("RGB", (WIDTH, sum(heights) or ROW), PAPER)
    draw, top = ImageDraw.Draw(image), 0
    for chart, height in zip(charts, heights, strict=True):
        _draw(draw, chart, top)
        top += height
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _height(chart: Chart) -> int:
    return 2 * MARGIN + 2 * ROW + ROW * len(chart.shown) * len(chart.series)


def _draw(draw: "ImageDraw", chart: Chart, top: int) -> None:
    from PIL import ImageFont

    large, small = ImageFont.load_default(size=26), ImageFont.load_default(size=19)
    draw.text((MARGIN, top + MARGIN), chart.title, INK, large)
    legend = MARGIN
    for at, (name, _) in enumerate(chart.series):
        draw.rectangle((legend, top + MARGIN + ROW + 4, legend + 14, top + MARGIN + ROW + 18), COLOURS[at])
        label = f"{name} ({chart.unit})"
        draw.text((legend + 22, top + MARGIN + ROW), label, FAINT, small)
        legend += 60 + int(draw.textlength(label, small))
    most = max((value for _, values in chart.series for value in values), default=0) or 1
    y = top + MARGIN + 2 * ROW
    for n, name in enumerate(chart.shown):
        draw.text((MARGIN, y + 10), name[:NAME], INK, small)
        for at, (_, values) in enumerate(chart.series):
            length = int((WIDTH - LABELS - 5 * MARGIN) * values[n] / most)
            draw.rectangle((LABELS, y + 8, LABELS + max(length, 2), y + ROW - 8), COLOURS[at])
            draw.text((LABELS + length + 10, y + 10), f"{values[n]:g}", INK, small)
            y += ROW
