{
    "name": "Therapy Portal",
    "summary": "Payers see, understand and pay therapy bills: with a code or a login",
    "version": "19.0.1.0.0",
    "category": "Accounting/Therapy",
    "license": "LGPL-3",
    "author": "Therapy Billing contributors",
    "website": "https://github.com/therapy-billing/therapy-billing",
    "depends": ["therapy_billing", "portal"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "report/report_bill_templates.xml",
        "report/report_bill_reports.xml",
        "report/report_receipt_templates.xml",
        "data/mail_template_data.xml",
        "views/pay_templates.xml",
        "views/portal_templates.xml",
        "views/portal_list_templates.xml",
        "views/account_move_views.xml",
        "wizards/therapy_share_wizard_views.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "therapy_portal/static/src/scss/pay.scss",
            "therapy_portal/static/src/interactions/**/*",
        ],
        "web.assets_tests": [
            "therapy_portal/static/tests/tours/**/*",
        ],
    },
}
