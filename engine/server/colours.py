"""Which texts are colours, told without Pillow, which the server does not load.

They are a part of what engine.pictures.background reads, and mean the same.
"""

from __future__ import annotations

import re
from typing import Any

WANTED = "a colour: white or another name of CSS, #rgb, #rrggbb, rgb(0-255, 0-255, 0-255) or hsl(0-360, 0-100%, 0-100%)"

# https://www.w3.org/TR/css-color-4/#named-colors; "transparent" is none of them.
NAMES = tuple(
    """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
    cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray
    darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen
    darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue
    firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
    hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
    lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray
    lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
    mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred
    midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
    palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple
    rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue
    slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
    whitesmoke yellow yellowgreen
    """.split()  # noqa: SIM905  # a list literal would be a line each
)

_BYTE = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_DEGREES = "(360|3[0-5][0-9]|[12]?[0-9]?[0-9])"
_PERCENT = "(100|[0-9]?[0-9])%"
_PATTERN = (
    "#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}"
    f"|[rR][gG][bB]\\( *{_BYTE} *, *{_BYTE} *, *{_BYTE} *\\)"
    f"|[hH][sS][lL]\\( *{_DEGREES} *, *{_PERCENT} *, *{_PERCENT} *\\)"
)
SCHEMA: dict[str, Any] = {"type": "string", "anyOf": [{"enum": list(NAMES)}, {"pattern": f"^({_PATTERN})$"}]}


def is_colour(text: str) -> bool:
    """Whether a text is an opaque colour; capitals and small letters are the same."""
    return text.lower() in NAMES or re.fullmatch(_PATTERN, text) is not None
