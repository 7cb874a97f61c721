"""The labels: one control token each, in the order of the kernel's intent numbers; OTHER is the refusal."""

INTENTS = (
    "HARDWARE_IDENTIFY",
    "DRIVER_SELECT",
    "INSTALL_CONFIGURE",
    "APP_INSTALL",
    "SYSTEM_MANAGE",
    "TROUBLESHOOT",
)
OTHER = "OTHER"
LABELS = (*INTENTS, OTHER)
NUMBER = {label: number for number, label in enumerate(LABELS)}

# Names that phrases.tsv and the kernel's own sets of sentences use for the same labels.
SHORT = dict(zip(("hardware", "driver", "configure", "app", "system", "trouble", "other"), LABELS))


def intent_of(label: str) -> str:
    """The intent that the kernel reports: what is no business of a kernel goes to TROUBLESHOOT, unsure."""
    return "TROUBLESHOOT" if label == OTHER else label
