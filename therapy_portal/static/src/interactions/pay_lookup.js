import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/**
 * Number and code: digits only in the code, one request per click.
 */
export class TherapyPayLookup extends Interaction {
    static selector = ".o_therapy_pay_lookup";
    dynamicContent = {
        _root: { "t-on-submit": this.onSubmit },
        "#access_code": { "t-on-input": this.onCodeInput },
        "button[type='submit']": { "t-att-disabled": () => this.sending },
    };

    setup() {
        this.sending = false;
    }

    onCodeInput(ev) {
        const digits = ev.target.value.replace(/\D/g, "").slice(0, 6);
        if (digits !== ev.target.value) {
            ev.target.value = digits;
        }
    }

    onSubmit() {
        this.sending = true;
    }
}

registry
    .category("public.interactions")
    .add("therapy_portal.pay_lookup", TherapyPayLookup);
