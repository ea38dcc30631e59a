"""The kinds of images there are in GIMP 2.10. Plain data, which the scripts inside GIMP (Python 2.7) read too."""

WIDTH, HEIGHT = 150, 132  # of the photo

# GIMP's numbers of them (GimpPrecision); its Python has no names for these.
PRECISIONS = {
    "u8 linear": 100,
    "u8": 150,
    "u16 linear": 200,
    "u16": 250,
    "u32 linear": 300,
    "u32": 350,
    "half linear": 500,
    "half": 550,
    "float linear": 600,
    "float": 650,
    "double linear": 700,
    "double": 750,
}

# Base, whether with alpha, and precision.
KINDS = {
    "RGB": ("rgb", False, "u8"),
    "RGB, u8 linear": ("rgb", False, "u8 linear"),
    "RGB, u16 linear": ("rgb", False, "u16 linear"),
    "RGB, u16": ("rgb", False, "u16"),
    "RGB, u32 linear": ("rgb", False, "u32 linear"),
    "RGB, u32": ("rgb", False, "u32"),
    "RGB, half linear": ("rgb", False, "half linear"),
    "RGB, half": ("rgb", False, "half"),
    "RGB, float linear": ("rgb", False, "float linear"),
    "RGB, float": ("rgb", False, "float"),
    "RGB, double linear": ("rgb", False, "double linear"),
    "RGB, double": ("rgb", False, "double"),
    "RGB with alpha": ("rgb", True, "u8"),
    "RGB with alpha, u16 linear": ("rgb", True, "u16 linear"),
    "RGB with alpha, float": ("rgb", True, "float"),
    "grey": ("grey", False, "u8"),
    "grey, half linear": ("grey", False, "half linear"),
    "grey with alpha": ("grey", True, "u8"),
    "grey with alpha, u16": ("grey", True, "u16"),
    "indexed": ("indexed", False, "u8"),
    "indexed with alpha": ("indexed", True, "u8"),
}
