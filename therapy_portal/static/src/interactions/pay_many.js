import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/**
 * Adds up the chosen bills. The server adds up again.
 */
export class TherapyPayMany extends Interaction {
    static selector = ".o_therapy_pay_many";
    dynamicContent = {
        "input[name='bill']": { "t-on-change": this.onChange },
        "button[type='submit']": { "t-att-disabled": () => !this.chosen().length },
    };

    chosen() {
        return [...this.el.querySelectorAll("input[name='bill']:checked")];
    }

    onChange() {
        const digits = Number(this.el.dataset.decimals);
        const total = this.chosen().reduce(
            (sum, box) => sum + Number(box.dataset.offer),
            0
        );
        const value = this.el.querySelector(".o_therapy_pay_total .oe_currency_value");
        value.textContent = total.toLocaleString(document.documentElement.lang, {
            minimumFractionDigits: digits,
            maximumFractionDigits: digits,
        });
    }
}

registry.category("public.interactions").add("therapy_portal.pay_many", TherapyPayMany);
