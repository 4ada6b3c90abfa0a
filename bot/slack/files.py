"""Upload a picture that a message shows by its id. It is shared with nobody until then, so it may be repeated.

Slack reference, section 4.3: a place is asked for, the bytes go there, and the upload is completed.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.http.slack import Line
from bot.slack.errors import NotNow

Ask = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


async def upload(ask: Ask, line: Line, name: str, content: bytes, *, title: str) -> str:
    """Upload a file and return its id. Slack looks through it for a moment; until then it refuses blocks that show it.

    Raises NotNow, BadPicture where the workspace takes no files, and Locked where our token may not send any.
    """
    place = await ask("files.getUploadURLExternal", {"filename": name, "length": len(content)})
    try:
        taken = await line.put(str(place["upload_url"]), content)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotNow(f"A picture did not reach Slack ({type(error).__name__}).") from None
    if not taken:
        raise NotNow("Slack did not take a picture.")
    file_id = str(place["file_id"])
    await ask("files.completeUploadExternal", {"files": [{"id": file_id, "title": title}]})
    return file_id
