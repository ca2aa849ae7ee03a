"""Messages of known devices: where their values stand. `{channel}` is the number of the input or output."""

from __future__ import annotations

from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library.documents import MeterModel

_PRO_3EM = """
energy_import: status/emdata:{channel} /total_act Wh
energy_export: status/emdata:{channel} /total_act_ret Wh
power: status/em:{channel} /total_act_power W
power_l1: status/em:{channel} /a_act_power W
power_l2: status/em:{channel} /b_act_power W
power_l3: status/em:{channel} /c_act_power W
voltage_l1: status/em:{channel} /a_voltage V
voltage_l2: status/em:{channel} /b_voltage V
voltage_l3: status/em:{channel} /c_voltage V
current_l1: status/em:{channel} /a_current A
current_l2: status/em:{channel} /b_current A
current_l3: status/em:{channel} /c_current A
frequency: status/em:{channel} /a_freq Hz
"""
_PRO_EM = """
energy_import: status/em1data:{channel} /total_act_energy Wh
energy_export: status/em1data:{channel} /total_act_ret_energy Wh
power: status/em1:{channel} /act_power W
voltage_l1: status/em1:{channel} /voltage V
current_l1: status/em1:{channel} /current A
frequency: status/em1:{channel} /freq Hz
"""
_SWITCH = """
energy_import: status/switch:{channel} /aenergy/total Wh
power: status/switch:{channel} /apower W
voltage_l1: status/switch:{channel} /voltage V
current_l1: status/switch:{channel} /current A
"""
_GEN1 = """
energy_import: emeter/{channel}/total . Wh
energy_export: emeter/{channel}/total_returned . Wh
power: emeter/{channel}/power . W
voltage_l1: emeter/{channel}/voltage . V
"""
_TEXTS = {
    "shelly_pro_3em": _PRO_3EM,
    "shelly_pro_em": _PRO_EM,
    "shelly_switch_pm": _SWITCH,
    "shelly_em_gen1": _GEN1,
}


def of_model(model: MeterModel, channel: int) -> mapping.MessageMap | None:
    """This will return the mapping that comes with a model; None where its user must write one."""
    text = _TEXTS.get(model.code)
    return mapping.read(text.replace("{channel}", str(channel)), model) if text is not None else None


def has_channels(model: MeterModel) -> bool:
    """Whether devices of the model have several inputs or outputs."""
    return model.code in _TEXTS
