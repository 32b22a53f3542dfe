import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";

/**
 * The amount to pay: says at once what the server would say. The server decides.
 */
export class TherapyPayAmount extends Interaction {
    static selector = ".o_therapy_pay_amount";
    dynamicContent = {
        "#pay_amount": {
            "t-on-input": this.onInput,
            "t-att-aria-invalid": () => (this.problem ? "true" : "false"),
            "t-att-class": () => ({ "is-invalid": Boolean(this.problem) }),
        },
        ".o_therapy_pay_all": { "t-on-click": this.onAll },
        ".o_therapy_pay_problem": { "t-out": () => this.problem },
        "button[type='submit']": { "t-att-disabled": () => Boolean(this.problem) },
    };

    setup() {
        this.problem = "";
        this.max = Number(this.el.dataset.max);
        this.decimals = Number(this.el.dataset.decimals);
        this.symbol = this.el.dataset.symbol;
        this.input = this.el.querySelector("#pay_amount");
    }

    onInput() {
        this.problem = this.findProblem(this.input.value);
    }

    onAll() {
        this.input.value = this.max.toFixed(this.decimals);
        this.problem = "";
        this.input.focus();
    }

    /**
     * @param {string} typed
     * @returns {string} what is wrong with it, empty if nothing
     */
    findProblem(typed) {
        const text = typed.replaceAll(this.symbol, "").replaceAll(",", "").trim();
        if (text === "") {
            return "";
        }
        const match = /^\d+(?:\.(\d*))?$/.exec(text);
        if (!match || (match[1] || "").length > this.decimals) {
            return _t("Type an amount like %s.", Math.min(this.max, 25).toFixed(2));
        }
        if (Number(text) > this.max) {
            const most = `${this.symbol}\u00a0${this.max.toFixed(this.decimals)}`;
            return _t("You can pay %s or less on this bill.", most);
        }
        return "";
    }
}

registry
    .category("public.interactions")
    .add("therapy_portal.pay_amount", TherapyPayAmount);
