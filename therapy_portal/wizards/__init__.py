from . import (
    payment_link_wizard,
    portal_share,
    portal_wizard_user,
    send_wizard_line_mixin,
    send_wizard_mixin,
    therapy_invite_wizard,
    therapy_invite_wizard_line,
    therapy_pay_link_wizard,
    therapy_pay_link_wizard_line,
    therapy_share_wizard,
    therapy_share_wizard_line,
)
