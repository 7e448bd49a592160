"""What careermail writes into items beside what Exchange has fields for: named properties, in a set of our own.

They stay in the mailbox where they are written, and a program that copies an item may copy them.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/properties-and-extended-properties-in-ews-in-exchange
"""

from exchangelib import CalendarItem, ExtendedProperty

SET = "7c3f0f6e-52d4-4c1e-9a53-6d0c1f0a8e21"  # never to be changed: by it our items are found


class Uid(ExtendedProperty):  # type: ignore[misc]
    """Event.uid, since the server may number its items as it likes."""

    property_set_id = SET
    property_name = "careermail-uid"
    property_type = "String"


class Series(ExtendedProperty):  # type: ignore[misc]
    """Event.marker."""

    property_set_id = SET
    property_name = "careermail-series"
    property_type = "String"


class Sequence(ExtendedProperty):  # type: ignore[misc]
    """Event.sequence as it was last put."""

    property_set_id = SET
    property_name = "careermail-sequence"
    property_type = "Integer"


CalendarItem.register("careermail_uid", Uid)
CalendarItem.register("careermail_series", Series)
CalendarItem.register("careermail_sequence", Sequence)
