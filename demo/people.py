"""Invented people: names that nobody has, and national ids that nobody can have."""

from random import Random

_GIVEN_BEGINNINGS = ("Fik", "Tøv", "Prø", "Dik", "Lek", "Skro", "Vim", "Bru", "Nip", "Kvak", "Hum", "Snur")
_GIVEN_ENDINGS = ("tine", "tolf", "vara", "linus", "rine", "mund", "bert", "line", "ja", "ulf")
_FAMILY_BEGINNINGS = ("Eksempel", "Prøve", "Dikter", "Fantasi", "Liksom", "Påfunn", "Eventyr", "Skisse", "Attrapp", "Modell")
_FAMILY_ENDINGS = ("sen", "vik", "haug", "dal", "rud", "stad", "berg", "lien", "nes", "moen")

# Weights of the check digits (Skatteetaten).
_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_ORG = (3, 2, 7, 6, 5, 4, 3, 2)


def name(rng: Random) -> tuple[str, str]:
    """(given name, family name), plainly made up."""
    return (rng.choice(_GIVEN_BEGINNINGS) + rng.choice(_GIVEN_ENDINGS),
            rng.choice(_FAMILY_BEGINNINGS) + rng.choice(_FAMILY_ENDINGS))


def _check_digit(digits: str, weights: tuple[int, ...]) -> int:
    return -sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11


def national_id(number: int) -> str:
    """The synthetic national id with this serial number: month + 80, right check digits. Different for each number."""
    while True:
        day, rest = number % 28 + 1, number // 28
        month, rest = rest % 12 + 81, rest // 12
        year, rest = rest % 60 + 40, rest // 60
        nine = f"{day:02d}{month:02d}{year % 100:02d}{rest % 1000:03d}"
        k1 = _check_digit(nine, _K1)
        if k1 < 10:
            k2 = _check_digit(f"{nine}{k1}", _K2)
            if k2 < 10:
                return f"{nine}{k1}{k2}"
        number += 20_000_003  # no such number exists: take one from a part that serial numbers do not reach


def organisation_number(serial: int) -> str:
    """A synthetic organisation number: it begins with 3, which no registered one does, and its check digit is right."""
    while True:
        eight = f"3{serial:07d}"
        digit = _check_digit(eight, _ORG)
        if digit < 10:
            return f"{eight}{digit}"
        serial += 500_000


def serial(name: str) -> int:
    """The number in an id, as 12 of A12; 0 where there is none."""
    return int("".join(c for c in name if c in "0123456789")[-9:] or 0)
