import { registry } from "@web/core/registry";

// The card form is a frame of another origin: its stand-in is filled by a message.
function typeCard(number) {
    return async () => {
        await window.stripeSandbox.fill({
            number,
            expiry: "12 / 34",
            cvc: "123",
            postal: "12345",
        });
    };
}

registry.category("web_tour.tours").add("therapy_stripe_add_card", {
    steps: () => [
        {
            content: "Open the payer's cards",
            trigger: "a[name='therapy_cards']",
            run: "click",
        },
        { trigger: "button[name='action_therapy_add_card']", run: "click" },
        {
            content: "Nothing can be saved before the payer's consent is noted",
            trigger: ".o_therapy_add_card_save:disabled",
        },
        {
            trigger: ".o_therapy_add_card_element iframe",
        },
        { trigger: "#o_therapy_channel", run: "select phone" },
        {
            content: "An empty card form is refused, and nothing is saved",
            trigger: ".o_therapy_add_card_save:not(:disabled)",
            run: "click",
        },
        {
            trigger: ".o_therapy_add_card_save:not(:disabled):not(:has(.fa-spin))",
            run: typeCard("4242424242424242"),
        },
        { trigger: ".o_therapy_add_card_save:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.o_therapy_add_card))" },
        {
            trigger: ".o_field_widget[name='therapy_card_ids'] td:contains('4242')",
        },
        {
            trigger: ".o_field_widget[name='therapy_card_ids'] td:contains('12/34')",
        },
    ],
});

registry.category("web_tour.tours").add("therapy_stripe_charge", {
    steps: () => [
        { trigger: "button[name='action_therapy_charge_card']", run: "click" },
        {
            content: "The payer's card is proposed; another one is added from here",
            trigger: ".modal .o_field_widget[name='token_id'] input:value(4242)",
        },
        { trigger: ".modal button[name='action_add_card']", run: "click" },
        {
            content: "Cancelled, the dialog is as it was",
            trigger: ".modal:has(.o_therapy_add_card) footer button:contains('Cancel')",
            run: "click",
        },
        { trigger: "body:not(:has(.o_therapy_add_card))" },
        { trigger: ".modal .o_field_widget[name='token_id'] input:value(4242)" },
        { trigger: ".modal button[name='action_add_card']", run: "click" },
        { trigger: ".o_therapy_add_card_element iframe" },
        { trigger: "#o_therapy_channel", run: "select paper" },
        {
            trigger: ".o_therapy_add_card_save:not(:disabled)",
            run: typeCard("5555555555554444"),
        },
        { trigger: ".o_therapy_add_card_save:not(:disabled)", run: "click" },
        {
            content: "Back in the dialog, with the new card",
            trigger: ".modal .o_field_widget[name='token_id'] input:value(4444)",
        },
        { trigger: ".modal button[name='action_charge']", run: "click" },
        { trigger: ".modal .alert-success:contains('4444')" },
        {
            trigger: ".modal footer button.btn-secondary:contains('Close')",
            run: "click",
        },
        { trigger: "body:not(:has(.modal))" },
        {
            trigger: "body:not(:has(button[name='action_therapy_charge_card']))",
        },
    ],
});

registry.category("web_tour.tours").add("therapy_stripe_charge_people", {
    steps: () => [
        { trigger: "button[name='action_therapy_charge_card']", run: "click" },
        { trigger: ".modal button[name='action_split']", run: "click" },
        {
            content: "A tab per person, the first one is open",
            trigger: ".modal [role='tab'].active:contains('Dana'):contains('70.01')",
        },
        { trigger: ".modal [role='tabpanel'] [name='token_id'] input:value(4242)" },
        {
            content: "The second person has no card yet: it is added in the tab",
            trigger: ".modal [role='tab']:contains('Alex'):contains('30.00')",
            run: "click",
        },
        { trigger: ".modal [role='tabpanel'] [name='amount'] input:value(30.00)" },
        {
            trigger: ".modal [role='tabpanel'] button[name='action_add_card']",
            run: "click",
        },
        { trigger: ".o_therapy_add_card_element iframe" },
        { trigger: "#o_therapy_channel", run: "select paper" },
        {
            trigger: ".o_therapy_add_card_save:not(:disabled)",
            run: typeCard("5555555555554444"),
        },
        { trigger: ".o_therapy_add_card_save:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.o_therapy_add_card))" },
        {
            trigger: ".modal [role='tab']:contains('Alex')",
            run: "click",
        },
        { trigger: ".modal [role='tabpanel'] [name='token_id'] input:value(4444)" },
        {
            content: "Parts that are too much are said at once",
            trigger: ".modal [role='tabpanel'] [name='amount'] input",
            run: "edit 40.00 && press Tab",
        },
        { trigger: ".modal [role='alert']:contains('10.00'):contains('too much')" },
        {
            trigger: ".modal [role='tabpanel'] [name='amount'] input",
            run: "edit 20.00 && press Tab",
        },
        { trigger: ".modal span:contains('10.00'):contains('stays open')" },
        {
            content: "One more person is a tab, and is removed again",
            trigger: ".modal .o_therapy_add_person",
            run: "click",
        },
        { trigger: ".modal [role='tab'].active:contains('New person')" },
        { trigger: ".modal .o_therapy_remove_person", run: "click" },
        { trigger: ".modal:not(:has([role='tab']:contains('New person')))" },
        {
            content: "What was typed is still there",
            trigger: ".modal [role='tab']:contains('Alex'):contains('20.00')",
        },
        {
            content: "A person just added gets a card in the tab, too",
            trigger: ".modal .o_therapy_add_person",
            run: "click",
        },
        { trigger: ".modal [role='tab'].active:contains('New person')" },
        {
            trigger: ".modal [role='tabpanel'] [name='partner_id'] input",
            run: "edit Gran",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Gran Third')",
            run: "click",
        },
        { trigger: ".modal [role='tab'].active:contains('Gran')" },
        {
            trigger: ".modal [role='tabpanel'] [name='amount'] input",
            run: "edit 5.00 && press Tab",
        },
        {
            trigger: ".modal [role='tabpanel'] button[name='action_add_card']",
            run: "click",
        },
        { trigger: ".o_therapy_add_card_element iframe" },
        { trigger: "#o_therapy_channel", run: "select paper" },
        {
            trigger: ".o_therapy_add_card_save:not(:disabled)",
            run: typeCard("4242424242424242"),
        },
        { trigger: ".o_therapy_add_card_save:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.o_therapy_add_card))" },
        {
            trigger: ".modal [role='tab']:contains('Gran'):contains('5.00')",
            run: "click",
        },
        { trigger: ".modal [role='tabpanel'] [name='token_id'] input:value(4242)" },
        { trigger: ".modal button[name='action_charge']:visible", run: "click" },
        { trigger: ".modal .alert-success:contains('3 of 3')" },
        { trigger: ".modal [role='tab'] .fa-check" },
        {
            trigger: ".modal footer button.btn-secondary:contains('Close')",
            run: "click",
        },
        { trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("therapy_stripe_portal_card", {
    steps: () => [
        {
            trigger: "input[name='o_payment_radio'][data-payment-method-code='card']",
            run: "click",
        },
        { trigger: "[name='o_stripe_element_container'] iframe" },
        {
            content: "An empty card form makes no transaction and no dialog",
            trigger: "button[name='o_payment_submit_button']:not(:disabled)",
            run: "click",
        },
        {
            trigger: "button[name='o_payment_submit_button']:not(:disabled)",
            run: typeCard("4242424242424242"),
        },
        {
            trigger: "button[name='o_payment_submit_button']:not(:disabled)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content:
                "Stripe sends the payer back to the page that waits for the result",
            trigger: "div[name='o_payment_status']",
            expectUnloadPage: true,
        },
        {
            content: "The card is listed",
            trigger: ".o_therapy_cards li:contains('4242'):contains('12/34')",
        },
    ],
});
