{
    "name": "Therapy Stories",
    "version": "19.0.1.0.0",
    "summary": "Tests over all three addons, as stories of a practice's people",
    "author": "Therapy Billing contributors",
    "website": "https://github.com/therapy-billing/therapy-billing",
    "license": "LGPL-3",
    "category": "Hidden/Tests",
    "depends": ["therapy_billing", "therapy_portal", "therapy_stripe"],
    "installable": True,
}
