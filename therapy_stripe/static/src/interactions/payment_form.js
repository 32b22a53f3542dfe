/* global Stripe */

import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { rpc } from "@web/core/network/rpc";
import { patch } from "@web/core/utils/patch";

import { PaymentForm } from "@payment/interactions/payment_form";
import { StripeOptions } from "@payment_stripe/interactions/stripe_options";

// The version of the API is the one that stripe.js was released with.
patch(StripeOptions.prototype, {
    _prepareStripeOptions() {
        const options = super._prepareStripeOptions(...arguments);
        delete options.apiVersion;
        return options;
    },
});

patch(PaymentForm.prototype, {
    setup() {
        super.setup();
        // The real Elements; core's map only tells it that there are some.
        this.therapyStripeElements = {};
    },

    /**
     * Mount the Payment Element as stripe.js of our version wants it.
     *
     * @override of payment_stripe, whose options that version refuses
     */
    async _prepareInlineForm(
        providerId,
        providerCode,
        paymentOptionId,
        paymentMethodCode,
        flow
    ) {
        if (providerCode !== "stripe") {
            await super._prepareInlineForm(...arguments);
            return;
        }
        if (flow === "token") {
            return;
        }
        this._setPaymentFlow("direct");
        if (this.stripeElements[paymentOptionId]) {
            return;
        }
        if (typeof Stripe === "undefined") {
            this._displayErrorDialog(
                _t("Cannot display the payment form"),
                _t(
                    "Stripe cannot be reached. Please try again, or choose another method."
                )
            );
            return;
        }
        const radio = this.el.querySelector('input[name="o_payment_radio"]:checked');
        const inlineForm = this._getInlineForm(radio);
        const container = inlineForm.querySelector(
            '[name="o_stripe_element_container"]'
        );
        const values = JSON.parse(container.dataset.stripeInlineFormValues);
        this.stripeInlineFormValues = values;
        this.stripeJS ??= Stripe(
            values.publishable_key,
            new StripeOptions()._prepareStripeOptions(container.dataset)
        );
        const elements = this.stripeJS.elements(
            this._therapyPrepareElementsOptions(values, paymentMethodCode)
        );
        this.therapyStripeElements[paymentOptionId] = elements;
        // Core would submit them a second time.
        this.stripeElements[paymentOptionId] = { submit: async () => {} };
        const paymentElement = elements.create("payment", {
            defaultValues: { billingDetails: values.billing_details },
        });
        paymentElement.on("loaderror", ({ error }) =>
            this._displayErrorDialog(
                _t("Cannot display the payment form"),
                error.message
            )
        );
        paymentElement.mount(container);
        this._therapySyncTokenization(elements, inlineForm);
    },

    /**
     * Return the options of the Elements, equal to those of the intent made later.
     *
     * @param {Object} values - The inline form values of the server.
     * @param {string} paymentMethodCode - The code of the payment method.
     * @returns {Object}
     */
    _therapyPrepareElementsOptions(values, paymentMethodCode) {
        const type =
            values.payment_methods_mapping[paymentMethodCode] ?? paymentMethodCode;
        const options = {
            appearance: { theme: "stripe" },
            currency: values.currency_name,
            allowedPaymentMethodTypes: [type],
        };
        if (this.paymentContext.mode === "payment") {
            options.mode = "payment";
            options.amount = parseInt(values.minor_amount);
            options.captureMethod = values.capture_method;
            if (values.is_tokenization_required) {
                options.setupFutureUsage = "off_session";
            }
        } else {
            options.mode = "setup";
            options.setupFutureUsage = "off_session";
        }
        return options;
    },

    /**
     * Check the card form before anything is asked of the server.
     *
     * `submit()` resolves with `{error}`; core only catches what is thrown, and would
     * go on to make a payment for an incomplete form. What is wrong with a field is
     * shown beside it by Stripe, other errors in a dialog.
     *
     * @override of payment_stripe
     */
    async _initiatePaymentFlow(providerCode, paymentOptionId, paymentMethodCode, flow) {
        if (providerCode === "stripe" && flow !== "token") {
            const elements = this.therapyStripeElements[paymentOptionId];
            if (!elements) {
                return; // The card form could not be shown; the payer was told.
            }
            await this.waitFor(this._therapySyncAmount(elements));
            const { error } = await this.waitFor(elements.submit());
            if (error) {
                if (error.type !== "validation_error") {
                    this._displayErrorDialog(
                        _t("Incorrect payment details"),
                        error.message
                    );
                }
                this._enableButton();
                return;
            }
        }
        if (!(await this._therapySettleFee(providerCode, paymentOptionId, flow))) {
            this._enableButton();
            return;
        }
        await super._initiatePaymentFlow(...arguments);
    },

    /**
     * Show the fee on the card, if it has one, and ask the payer to accept it.
     *
     * The server finds out what kind of card it is, keeps what it showed, and adds the
     * fee to the payment; nothing of it is sent from here.
     *
     * @param {string} providerCode - The code of the provider.
     * @param {number} paymentOptionId - The id of the payment option.
     * @param {string} flow - The payment flow.
     * @returns {Promise<boolean>} Whether to go on.
     */
    async _therapySettleFee(providerCode, paymentOptionId, flow) {
        this.therapyConfirmation = null;
        if (providerCode !== "stripe" || this.paymentContext.mode !== "payment") {
            return true;
        }
        const params = {
            provider_id: parseInt(this.paymentContext.providerId),
            amount: parseFloat(this.paymentContext.amount),
            transaction_route: this.paymentContext.transactionRoute,
        };
        if (flow === "token") {
            params.token_id = paymentOptionId;
        } else if (this.stripeInlineFormValues.has_fee) {
            const elements = this.therapyStripeElements[paymentOptionId];
            const { confirmationToken, error } = await this.waitFor(
                this.stripeJS.createConfirmationToken({ elements })
            );
            if (error) {
                this._displayErrorDialog(
                    _t("Incorrect payment details"),
                    error.message
                );
                return false;
            }
            this.therapyConfirmation = confirmationToken.id;
            params.confirmation = confirmationToken.id;
        } else {
            return true;
        }
        const fee = await this._therapyAskFee(params);
        if (!fee.fee) {
            return true;
        }
        if (!(await this._therapyConfirmFee(fee))) {
            return false;
        }
        return this.waitFor(rpc("/pay/fee/accept", {}));
    },

    /**
     * Ask the server for the fee; pages without fees have no such route.
     *
     * @param {Object} params - What is about to be paid, and with which card.
     * @returns {Promise<Object>}
     */
    async _therapyAskFee(params) {
        try {
            return await this.waitFor(rpc("/pay/fee", params, { silent: true }));
        } catch {
            return { fee: 0 };
        }
    },

    /**
     * Show amount, fee and total; resolve to whether the payer accepts.
     *
     * @param {Object} fee - The answer of the server.
     * @returns {Promise<boolean>}
     */
    _therapyConfirmFee(fee) {
        return new Promise((resolve) => {
            this.services.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("A fee for credit cards"),
                    body: fee.text,
                    confirmLabel: fee.label,
                    confirm: () => resolve(true),
                    cancelLabel: _t("Use another card"),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    },

    /**
     * Tell the Elements the amount of the form, which the payer may have changed.
     *
     * @param {Object} elements - The Elements of Stripe.
     */
    async _therapySyncAmount(elements) {
        if (this.paymentContext.mode !== "payment") {
            return;
        }
        const amount = parseFloat(this.paymentContext.amount);
        const minorAmount = Math.round(
            amount * this.stripeInlineFormValues.minor_factor
        );
        if (minorAmount) {
            await elements.update({ amount: minorAmount });
        }
    },

    /**
     * Keep "save this card" and the Elements in step.
     *
     * @param {Object} elements - The Elements of Stripe.
     * @param {HTMLElement} inlineForm - The inline form of the payment method.
     */
    _therapySyncTokenization(elements, inlineForm) {
        const checkbox = inlineForm.querySelector(
            'input[name="o_payment_tokenize_checkbox"]'
        );
        if (!checkbox) {
            return;
        }
        const sync = () =>
            elements.update({
                setupFutureUsage: checkbox.checked ? "off_session" : null,
            });
        sync();
        checkbox.addEventListener("input", sync);
        this.registerCleanup(() => checkbox.removeEventListener("input", sync));
    },

    /**
     * Confirm with the real Elements.
     *
     * @override of payment_stripe
     */
    async _stripeConfirmIntent(processingValues, paymentOptionId) {
        const options = {
            clientSecret: processingValues.client_secret,
            confirmParams: { return_url: processingValues.return_url },
        };
        if (this.therapyConfirmation) {
            // The card that the fee was shown for.
            options.confirmParams.confirmation_token = this.therapyConfirmation;
        } else {
            options.elements = this.therapyStripeElements[paymentOptionId];
        }
        if (this.paymentContext.mode === "payment") {
            return this.stripeJS.confirmPayment(options);
        }
        return this.stripeJS.confirmSetup(options);
    },
});
