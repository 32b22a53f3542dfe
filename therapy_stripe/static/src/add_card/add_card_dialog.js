import { loadJS } from "@web/core/assets";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    useRef,
    useState,
} from "@odoo/owl";

/**
 * Saves a payer's card: Stripe's own card form, and who agreed to what.
 *
 * The card is typed into a frame of Stripe's: neither this page nor the server sees it.
 */
export class AddCardDialog extends Component {
    static template = "therapy_stripe.AddCardDialog";
    static components = { Dialog };
    static props = {
        addCardId: Number,
        title: String,
        next: { type: [Object, Boolean], optional: true },
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.cardRef = useRef("card");
        this.state = useState({
            ready: false,
            saving: false,
            error: "",
            channel: "",
            note: "",
            kind: "card",
        });
        onWillStart(() => this.loadSetup());
        onMounted(() => this.mountElement());
        onWillUnmount(() => this.element?.destroy());
    }

    /** Fetch what Stripe.js needs, and Stripe.js itself. */
    async loadSetup() {
        this.values = await this.call("action_get_setup");
        this.state.note = this.values.consent;
        try {
            await loadJS(this.values.js_url);
        } catch {
            this.state.error = _t("Stripe cannot be reached from this computer.");
        }
    }

    /** Mount Stripe's card form. */
    mountElement() {
        if (!window.Stripe) {
            return;
        }
        this.stripe ||= window.Stripe(this.values.publishable_key);
        this.elements = this.stripe.elements({
            mode: "setup",
            currency: this.values.currency,
            setupFutureUsage: "off_session",
            allowedPaymentMethodTypes: [this.state.kind],
            appearance: { theme: "stripe" },
        });
        const { postal_code, country } = this.values;
        const element = this.elements.create("payment", {
            defaultValues: { billingDetails: { address: { postal_code, country } } },
        });
        element.on("ready", () => {
            this.state.ready = true;
        });
        element.on("loaderror", ({ error }) => {
            this.state.error = error.message;
        });
        element.mount(this.cardRef.el);
        this.element = element;
    }

    /**
     * Show the form for a card or for a bank account.
     *
     * @param {string} kind - Stripe's word for it.
     */
    onChooseKind(kind) {
        if (kind === this.state.kind || this.state.saving) {
            return;
        }
        this.state.kind = kind;
        this.state.ready = false;
        this.state.error = "";
        this.element?.destroy();
        this.mountElement();
    }

    get canSave() {
        const { ready, saving, channel, note } = this.state;
        return ready && !saving && channel && note.trim();
    }

    /**
     * Call a method of the dialog's record on the server.
     *
     * @param {string} method
     * @param {Array} args
     * @returns {Promise<Object>}
     */
    call(method, args = []) {
        return this.orm.call("therapy.add.card", method, [
            [this.props.addCardId],
            ...args,
        ]);
    }

    async onSave() {
        if (!this.canSave) {
            return;
        }
        this.state.saving = true;
        this.state.error = "";
        try {
            await this.save();
        } catch (error) {
            this.state.error = error.data?.message || error.message;
        } finally {
            this.state.saving = false;
        }
    }

    /** Let Stripe check and save the card, then have the server read the result. */
    async save() {
        const checked = await this.elements.submit();
        if (checked.error) {
            // What is wrong with a field is shown beside it, by Stripe.
            if (checked.error.type !== "validation_error") {
                this.state.error = checked.error.message;
            }
            return;
        }
        const { client_secret, return_url } = await this.call("action_start", [
            this.state.channel,
            this.state.note,
            this.state.kind,
        ]);
        const { error } = await this.stripe.confirmSetup({
            elements: this.elements,
            clientSecret: client_secret,
            redirect: "if_required",
            confirmParams: { return_url },
        });
        if (error) {
            this.state.error = error.message;
            return;
        }
        const { saved, message } = await this.call("action_finish");
        if (!saved) {
            this.state.error = message;
            return;
        }
        this.notification.add(message, { type: "success" });
        this.props.close();
        // Not by useService: its calls die with the component, which closed now.
        this.env.services.action.doAction(
            this.props.next || { type: "ir.actions.client", tag: "soft_reload" }
        );
    }
}

registry.category("actions").add("therapy_stripe.add_card", (env, action) => {
    env.services.dialog.add(AddCardDialog, {
        addCardId: action.params.add_card_id,
        next: action.params.next,
        title: action.name,
    });
});
