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
        this.symbolComesLast = this.el.dataset.position === "after";
        this.point = this.el.dataset.point || ".";
        this.comma = this.el.dataset.comma || "";
        this.input = this.el.querySelector("#pay_amount");
    }

    onInput() {
        this.problem = this.findProblem(this.input.value);
    }

    onAll() {
        this.input.value = this.write(this.max);
        this.problem = "";
        this.input.focus();
    }

    /**
     * @param {number} amount
     * @returns {string} as the page's language writes it
     */
    write(amount) {
        return amount.toFixed(this.decimals).replace(".", this.point);
    }

    /**
     * The same grammar as the server's (tools/amounts.py).
     *
     * @param {string} typed
     * @returns {number} NaN if it is not clearly an amount
     */
    read(typed) {
        const spaces = /[\u00a0\u202f]/g;
        const plain = (text) => text.replace(/[^\w\s]/g, "\\$&");
        const text = typed.replace(spaces, " ").replaceAll(this.symbol, "").trim();
        const comma = plain(this.comma.replace(spaces, " "));
        const grouped = comma ? `|\\d{1,3}(?:${comma}\\d{3}){1,2}` : "";
        const amount = `^(\\d{1,9}${grouped})(?:${plain(this.point)}(\\d{1,3}))?$`;
        const match = new RegExp(amount).exec(text);
        const decimals = (match && match[2]) || "";
        if (!match || decimals.length > this.decimals) {
            return NaN;
        }
        if (this.decimals > 2 && /\D/.test(match[1]) && !decimals) {
            return NaN;
        }
        return Number(`${match[1].replace(/\D/g, "")}.${decimals || 0}`);
    }

    /**
     * @param {string} typed
     * @returns {string} what is wrong with it, empty if nothing
     */
    findProblem(typed) {
        if (typed.replaceAll(this.symbol, "").trim() === "") {
            return "";
        }
        const amount = this.read(typed);
        if (Number.isNaN(amount)) {
            return _t("Type an amount like %s.", this.write(Math.min(this.max, 25)));
        }
        if (amount > this.max) {
            const parts = [this.symbol, this.write(this.max)];
            const most = this.symbolComesLast ? parts.reverse() : parts;
            return _t("You can pay %s or less on this bill.", most.join("\u00a0"));
        }
        return "";
    }
}

registry
    .category("public.interactions")
    .add("therapy_portal.pay_amount", TherapyPayAmount);
