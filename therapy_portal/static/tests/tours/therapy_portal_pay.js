import { registry } from "@web/core/registry";

/**
 * A stranger pays 50.00 of a bill of 120.00 with the code 012345.
 */
registry.category("web_tour.tours").add("therapy_portal_pay", {
    steps: () => [
        {
            content: "The number is filled in; letters are not taken into the code",
            trigger: "#access_code",
            run: "edit 01a2345",
        },
        {
            content: "Open the bill",
            trigger: ".o_therapy_pay_lookup button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "More than is due is refused while typing",
            trigger: "#pay_amount",
            run: "edit 120.01",
        },
        {
            trigger: ".o_therapy_pay_problem:contains(or less on this bill)",
        },
        {
            trigger: ".o_therapy_pay_amount button[type=submit]:disabled",
        },
        {
            content: "All takes the problem away",
            trigger: ".o_therapy_pay_all",
            run: "click",
        },
        {
            trigger: ".o_therapy_pay_amount button[type=submit]:enabled",
        },
        {
            trigger: "#pay_amount",
            run: "edit 50",
        },
        {
            trigger: ".o_therapy_pay_amount button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The amount is shown large",
            trigger: "#therapy_pay_now:contains(50.00)",
        },
        {
            trigger: "button[name=o_payment_submit_button]:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The status page leads to the confirmation",
            trigger: "#therapy_pay_result[data-state=done]",
            timeout: 20000,
        },
        {
            trigger: "#therapy_left:contains(70.00)",
        },
    ],
});
