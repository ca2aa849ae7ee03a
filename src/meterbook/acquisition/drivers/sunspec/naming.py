"""What the library of meter models calls the points of SunSpec."""

from __future__ import annotations

import re

UNITS = {
    "A": "A",
    "V": "V",
    "W": "W",
    "VA": "VA",
    "var": "VAR",
    "Hz": "HZ",
    "%": "PERCENT",
    "": "ONE",
    "Wh": "WH",
    "VAh": "VAH",
    "varh": "VARH",
    "°C": "CELSIUS",
}
# point without its phase -> code, caption in English and Spanish
NAMES = {
    "A": ("current", "Current", "Corriente"),
    "PhV": ("voltage", "Voltage", "Tensión"),
    "PPV": ("voltage_line", "Voltage between lines", "Tensión entre fases"),
    "Hz": ("frequency", "Frequency", "Frecuencia"),
    "W": ("power", "Power", "Potencia"),
    "VA": ("power_apparent", "Apparent power", "Potencia aparente"),
    "VAR": ("power_reactive", "Reactive power", "Potencia reactiva"),
    "VAr": ("power_reactive", "Reactive power", "Potencia reactiva"),
    "PF": ("power_factor", "Power factor", "Factor de potencia"),
    "TotWhImp": ("energy_import", "Energy imported", "Energía importada"),
    "TotWhExp": ("energy_export", "Energy exported", "Energía exportada"),
    "TotVAhImp": ("energy_apparent_import", "Apparent energy imported", "Energía aparente importada"),
    "TotVAhExp": ("energy_apparent_export", "Apparent energy exported", "Energía aparente exportada"),
    "WH": ("energy_export", "Energy exported", "Energía exportada"),
}
PHASE = re.compile(r"(.+?)[Pp]h([ABC]{1,2})")
LINES = {"A": "1", "B": "2", "C": "3"}


def named(point: str) -> tuple[str, dict[str, str]]:
    """This will return code and captions of a point: WphA is power_l1, "Power L1"; what has no name keeps its own."""
    match = PHASE.fullmatch(point)
    base, phase = (match[1], match[2]) if match else (point, "")
    if base not in NAMES:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", point).lower(), {"en": point, "es": point}
    code, english, spanish = NAMES[base]
    if not phase:
        return code, {"en": english, "es": spanish}
    lines = "".join(LINES[letter] for letter in phase)
    return f"{code}_l{lines}", {"en": f"{english} L{lines}", "es": f"{spanish} L{lines}"}
