from __future__ import annotations

import pytest

from daemon.thumbnails import thumbnail_warning
from engine.types import Size

SITE = "https://example.org"


@pytest.mark.parametrize(
    ("address", "size", "words"),
    [
        ("/photo.jpg?w=300", Size(300, 200), "w=300"),
        ("/photo.jpg?quality=80&width=640", Size(640, 480), "width=640"),
        ("/photo.jpg?resize=300,200", Size(300, 200), "resize=300,200"),
        ("/photo.jpg?size=300x200", Size(300, 200), "size=300x200"),
        ("/upload/c_fill,w_300,h_200/photo.jpg", Size(300, 200), "w_300"),
        ("/photo_300x200.jpg", Size(300, 200), "300x200"),
        ("/uploads/photo-150x150.jpg", Size(150, 150), "150x150"),
        ("/commons/thumb/a/ab/Photo.jpg/220px-Photo.jpg", Size(220, 330), "220px"),
        ("/thumb/photo.jpg", Size(400, 300), "thumb"),
        ("/photo_thumbnail.jpg", Size(99, 99), "thumbnail"),
        ("/AF1Qip=s220", Size(220, 147), "=s220"),
        ("/AF1Qip=w300-h200-no", Size(300, 200), "=w300-h200"),
    ],
)
def test_a_small_picture_whose_address_asks_for_one(address: str, size: Size, words: str) -> None:
    assert thumbnail_warning([SITE + address], size) == (
        f"The picture only has {size.width} x {size.height} pixels, and its address asks for that ('{words}'): "
        "a thumbnail where the photo was meant?"
    )


@pytest.mark.parametrize(
    "address", ["/photo.jpg?w=2000", "/photo_1920x1080.jpg", "/2000px-photo.jpg", "/3000x2000/x.jpg"]
)
def test_a_picture_with_fewer_pixels_than_its_address_promises(address: str) -> None:
    warning = thumbnail_warning([SITE + address], Size(300, 200))
    assert warning is not None
    assert "its address promises more" in warning


@pytest.mark.parametrize(
    ("address", "size"),
    [
        ("/photo.jpg", Size(300, 200)),  # small, but nothing says that more was meant
        ("/photo.jpg?w=2000", Size(2000, 1333)),
        ("/photo.jpg?h=2000", Size(1333, 2000)),
        ("/photo_1000x1000.jpg", Size(1000, 667)),  # fitted into a square
        ("/photo_1920x1080.jpg", Size(1919, 1080)),
        ("/thumb/photo.jpg", Size(4000, 3000)),  # the server gave the photo all the same
        ("/photo.jpg?w=300", Size(4000, 3000)),
        ("/photo.jpg?page=20&w=large&id=1234567", Size(300, 200)),
        ("/thumbelina.jpg", Size(300, 200)),
        ("/show_1234.jpg", Size(300, 200)),
        ("/20x30.jpg", Size(1000, 1500)),
    ],
)
def test_other_pictures_are_not_remarked_on(address: str, size: Size) -> None:
    assert thumbnail_warning([SITE + address], size) is None


def test_what_the_address_says_counts_also_where_it_leads_elsewhere() -> None:
    elsewhere = f"{SITE}/cdn/4f2a"
    for promising in (f"{SITE}/photo.jpg?w=2000", f"{SITE}/photo.jpg?w=300", f"{SITE}/thumb/1"):
        assert thumbnail_warning([promising, elsewhere], Size(300, 200))
        assert thumbnail_warning([elsewhere, promising], Size(300, 200))
    assert thumbnail_warning([f"{SITE}/photo.jpg?w=300", elsewhere], Size(4000, 3000)) is None
