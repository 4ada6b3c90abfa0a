"""Show a bar chart in three forms: Slack's own chart block, a rendered picture, and text with the same figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from bot.core.cards.mrkdwn import Block

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, ROW, MARGIN, LABELS = 960, 30, 24, 230  # pixels
HEAD, GAP = 10, 8  # under the legend, and between groups of bars
COLOURS = ("#1264a3", "#e8912d")
INK, PAPER, FAINT = "#1d1c1d", "#ffffff", "#616061"
MOST = 12  # categories; Slack takes 20
NAME = 20  # characters, Slack's limit for labels and names
ALT_TEXT = 2000  # likewise for what a screen reader says of an image
CHART = "data_visualization"  # the type of Slack's own block


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
        "type": CHART,
        "title": chart.title[:50],
        "chart": {
            "type": "bar",
            "axis_config": {"categories": names, "y_label": chart.unit},
            "series": [
                {
                    "name": name[:NAME],
                    "data": [{"label": label, "value": value} for label, value in zip(names, values, strict=False)],
                }
                for name, values in chart.series
            ],
        },
    }


def lines(chart: Chart) -> list[str]:
    """Return the chart in words: "Refund: 12 cases", "Refund: median 2.5, p95 20 hours"."""
    return [f"{name}: {_values(chart, n)}" for n, name in enumerate(chart.shown)]


def _values(chart: Chart, n: int) -> str:
    alone, single = len(chart.series) == 1, all(values[n] == 1 for _, values in chart.series)
    parts = [f"{values[n]:g}" if alone else f"{name} {values[n]:g}" for name, values in chart.series]
    return f"{', '.join(parts)} {chart.unit.removesuffix('s') if single else chart.unit}"


# --- for a Slack that does not know the chart block -----------------------------------------------------------------


def of(blocks: Iterable[Block]) -> tuple[Chart, ...]:
    """Return the charts that a message was drawn with, read back from its blocks."""
    return tuple(_read(slack_block) for slack_block in blocks if slack_block["type"] == CHART)


def _read(slack_block: Block) -> Chart:
    drawn = slack_block["chart"]
    series = [(each["name"], tuple(point["value"] for point in each["data"])) for each in drawn["series"]]
    axes = drawn["axis_config"]
    return Chart(slack_block["title"], axes["y_label"], tuple(axes["categories"]), tuple(series))


def has_pictures(blocks: Iterable[Block]) -> bool:
    return any(slack_block["type"] in (CHART, "image") for slack_block in blocks)


def without_pictures(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks without charts and images; the words tell the same figures."""
    return [slack_block for slack_block in blocks if slack_block["type"] not in (CHART, "image")]


def with_image(blocks: Sequence[Block], file_id: str) -> list[Block]:
    """Return the blocks with an image of all charts in the place of the first chart."""
    words = "; ".join(line for chart in of(blocks) for line in lines(chart))
    image: Block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": words[:ALT_TEXT]}
    first = next(n for n, slack_block in enumerate(blocks) if slack_block["type"] == CHART)
    return [*without_pictures(blocks[:first]), image, *without_pictures(blocks[first:])]


def png(charts: tuple[Chart, ...]) -> bytes:
    """Render all charts below each other, for a Slack that does not know the chart block."""
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
    bars = ROW * len(chart.series) + (GAP if len(chart.series) > 1 else 0)
    return 2 * MARGIN + 2 * ROW + HEAD + bars * len(chart.shown)


def _draw(draw: "ImageDraw", chart: Chart, top: int) -> None:
    from PIL import ImageFont

    large, small = ImageFont.load_default(size=24), ImageFont.load_default(size=17)
    draw.text((MARGIN, top + MARGIN), chart.title, INK, large)
    legend = MARGIN
    for at, (name, _) in enumerate(chart.series):
        draw.rectangle((legend, top + MARGIN + ROW + 8, legend + 13, top + MARGIN + ROW + 21), COLOURS[at])
        label = f"{name} ({chart.unit})"
        draw.text((legend + 22, top + MARGIN + ROW + 5), label, FAINT, small)
        legend += 60 + int(draw.textlength(label, small))
    most = max((value for _, values in chart.series for value in values), default=0) or 1
    y = top + MARGIN + 2 * ROW + HEAD
    for n, name in enumerate(chart.shown):
        draw.text((MARGIN, y + ROW * (len(chart.series) - 1) // 2 + 6), name[:NAME], INK, small)
        for at, (_, values) in enumerate(chart.series):
            length = int((WIDTH - LABELS - 5 * MARGIN) * values[n] / most)
            draw.rectangle((LABELS, y + 4, LABELS + max(length, 2), y + ROW - 4), COLOURS[at])
            draw.text((LABELS + length + 10, y + 6), f"{values[n]:g}", INK, small)
            y += ROW
        y += GAP if len(chart.series) > 1 else 0
