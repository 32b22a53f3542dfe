/*
 * Part 3: a group of Elements, and the check that it agrees with its intent.
 */
(() => {
    "use strict";
    const { ENDIVE, Element, KINDS, need } = window.stripeSandbox;

    class Elements {
        constructor(stripe, options) {
            if (ENDIVE) {
                need(
                    !("paymentMethodTypes" in options),
                    "paymentMethodTypes is no longer supported. Use allowedPaymentMethodTypes instead."
                );
            }
            need(
                !(options.mode && options.clientSecret),
                "Pass either mode or clientSecret to elements(), not both."
            );
            this._stripe = stripe;
            this._options = { ...options };
            this._elements = [];
            this._submitted = false;
            this._check();
        }

        _check() {
            const { mode, amount, currency } = this._options;
            need(
                [undefined, "payment", "setup"].includes(mode),
                `Invalid value for elements(): mode should be payment or setup, not ${mode}.`
            );
            if (mode === "payment") {
                need(
                    Number.isInteger(amount) && amount > 0,
                    "Invalid value for elements(): amount should be a positive whole number of minor units."
                );
                need(currency, "Missing value for elements(): currency.");
            }
            need(
                !currency || currency === currency.toLowerCase(),
                "Invalid value for elements(): currency should be in lower case."
            );
        }

        create(type, options) {
            need(
                ["payment", "paymentRequestButton"].includes(type),
                `The sandbox has no Element of type ${type}.`
            );
            need(
                !this.getElement(type),
                `Can only create one Element of type ${type} for this Elements group.`
            );
            if (type === "payment") {
                need(
                    this._options.mode || this._options.clientSecret,
                    "elements() needs a mode or a clientSecret to create a payment Element."
                );
            }
            const element = new Element(type, this, options);
            this._elements.push(element);
            return element;
        }

        getElement(type) {
            return this._elements.find((element) => element._type === type) || null;
        }

        _forget(element) {
            this._elements = this._elements.filter((each) => each !== element);
        }

        async update(options) {
            if (ENDIVE) {
                need(
                    !("paymentMethodTypes" in options),
                    "paymentMethodTypes is no longer supported."
                );
            }
            Object.assign(this._options, options);
            this._check();
        }

        /** Types this form offers, of those the sandbox knows; cards if unsaid. */
        async _methodTypes() {
            const { allowedPaymentMethodTypes, paymentMethodTypes, clientSecret } =
                this._options;
            let types = allowedPaymentMethodTypes || paymentMethodTypes;
            if (!types && clientSecret) {
                const kind = clientSecret.startsWith("seti_")
                    ? KINDS.setup
                    : KINDS.payment;
                const { object } = await this._stripe._retrieve(clientSecret, kind);
                types = object && object.payment_method_types;
            }
            return (types || ["card"]).filter((type) =>
                ["card", "us_bank_account"].includes(type)
            );
        }

        async fetchUpdates() {
            return {};
        }

        /** Validate the form. Resolves `{error}` when it is incomplete, never throws. */
        async submit() {
            const element = this.getElement("payment");
            need(element, "elements() has no payment Element to submit.");
            const { error, methodType } = await element._ask("validate");
            if (error) {
                return { error };
            }
            this._submitted = true;
            return { selectedPaymentMethod: methodType };
        }
    }

    /** In deferred mode the form and the intent must agree on what is bought. */
    function mismatch(options, intent, kind) {
        const wanted = options.mode === "payment" ? KINDS.payment : KINDS.setup;
        const differ = (name, ours, theirs) =>
            `The ${name} of the Elements group (${ours}) does not match the intent's (${theirs}).`;
        if (wanted !== kind) {
            return differ("mode", options.mode, kind.field);
        }
        if (kind === KINDS.setup) {
            return null;
        }
        if (options.amount !== intent.amount) {
            return differ("amount", options.amount, intent.amount);
        }
        if (options.currency !== intent.currency) {
            return differ("currency", options.currency, intent.currency);
        }
        const usage = options.setupFutureUsage || null;
        if (usage !== intent.setup_future_usage) {
            return differ("setupFutureUsage", usage, intent.setup_future_usage);
        }
        const manual = (method) => (method === "manual" ? "manual" : "automatic");
        if (manual(options.captureMethod) !== manual(intent.capture_method)) {
            return differ(
                "captureMethod",
                manual(options.captureMethod),
                intent.capture_method
            );
        }
        return null;
    }
    Object.assign(window.stripeSandbox, { Elements, mismatch });
})();
