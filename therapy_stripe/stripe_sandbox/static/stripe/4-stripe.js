/*
 * Part 4: the Stripe object, confirmation and the bank's page.
 */
(() => {
    "use strict";
    const { ORIGIN, ENDIVE, Element, Elements, KINDS, need, call, idOf, mismatch } =
        window.stripeSandbox;

    const SUCCESS = ["succeeded", "processing", "requires_capture"];
    const CONFIRMABLE = [
        "requires_payment_method",
        "requires_confirmation",
        "requires_action",
    ];

    /** Show the bank's page over the shop's; resolves when the payer has answered. */
    function openChallenge(address) {
        const url = new URL(address);
        url.searchParams.set("embed", "1");
        url.searchParams.set("origin", window.location.origin);
        const overlay = document.createElement("div");
        overlay.setAttribute("role", "dialog");
        overlay.setAttribute("aria-modal", "true");
        overlay.style.cssText =
            "position:fixed;inset:0;z-index:2147483647;display:grid;place-items:center;" +
            "background:rgb(15 23 42 / 55%)";
        const frame = document.createElement("iframe");
        frame.title = "3D Secure authentication";
        frame.name = "sandbox-3ds";
        frame.style.cssText =
            "border:0;width:min(94vw,440px);height:min(90vh,420px);border-radius:12px;background:#f2f4f7";
        frame.src = url.href;
        overlay.append(frame);
        document.body.append(overlay);
        frame.focus();
        return new Promise((resolve) => {
            const done = (event) => {
                const ours =
                    event.origin === ORIGIN && event.source === frame.contentWindow;
                if (ours && event.data && event.data.sandbox === "3ds") {
                    window.removeEventListener("message", done);
                    overlay.remove();
                    resolve();
                }
            };
            window.addEventListener("message", done);
        });
    }

    // -- the Stripe object -------------------------------------------------------

    class StripeStandIn {
        constructor(key, options) {
            need(
                typeof key === "string" && key,
                "Please call Stripe() with your publishable key."
            );
            need(
                key.startsWith("pk_test_"),
                "The sandbox takes publishable test keys (pk_test_...) only."
            );
            this._key = key;
            this._options = options || {};
        }

        elements(options = {}) {
            return new Elements(this, options);
        }

        async _retrieve(clientSecret, kind) {
            const id = idOf(clientSecret, kind);
            return call(this._key, "GET", `${kind.path}/${id}`, {
                client_secret: clientSecret,
            });
        }

        async retrievePaymentIntent(clientSecret) {
            return this._result(
                await this._retrieve(clientSecret, KINDS.payment),
                KINDS.payment
            );
        }

        async retrieveSetupIntent(clientSecret) {
            return this._result(
                await this._retrieve(clientSecret, KINDS.setup),
                KINDS.setup
            );
        }

        _result({ object, error }, kind) {
            return error ? { error } : { [kind.result]: object };
        }

        /** `{error}` for an intent that came back for another payment method. */
        _outcome(intent, kind) {
            if (intent.status === "requires_payment_method" && intent[kind.failure]) {
                return { error: { ...intent[kind.failure], [kind.field]: intent } };
            }
            return { [kind.result]: intent };
        }

        async _act(intent, kind) {
            const action = intent.next_action;
            if (intent.status !== "requires_action" || !action) {
                return this._outcome(intent, kind);
            }
            if (action.type === "verify_with_microdeposits") {
                // Takes days: the payer comes back to it.
                return { [kind.result]: intent };
            }
            const step = action.use_stripe_sdk || action.redirect_to_url;
            await openChallenge(step.stripe_js || step.url);
            const { object, error } = await this._retrieve(intent.client_secret, kind);
            return error ? { error } : this._outcome(object, kind);
        }

        async handleNextAction({ clientSecret }) {
            const kind = (clientSecret || "").startsWith("seti_")
                ? KINDS.setup
                : KINDS.payment;
            const { object, error } = await this._retrieve(clientSecret, kind);
            return error ? { error } : this._act(object, kind);
        }

        async createPaymentMethod(options = {}) {
            const element = options.elements
                ? options.elements.getElement("payment")
                : options.element;
            need(
                element instanceof Element,
                "createPaymentMethod() needs elements or an element."
            );
            const params = options.params || {};
            const { id, methodType, error } = await element._ask(
                "createPaymentMethod",
                {
                    billing_details: params.billing_details,
                }
            );
            if (error) {
                return { error };
            }
            return {
                paymentMethod: {
                    id,
                    object: "payment_method",
                    type: methodType,
                    livemode: false,
                },
            };
        }

        /** What is in the form, for a server to look at before it charges. */
        async createConfirmationToken({ elements, params = {} } = {}) {
            need(elements, "createConfirmationToken() needs elements.");
            need(
                !elements._options.mode || elements._submitted,
                "elements.submit() must be called before createConfirmationToken()."
            );
            const { payment_method_data, return_url, shipping } = params;
            const made = await this.createPaymentMethod({
                elements,
                params: payment_method_data,
            });
            if (made.error) {
                return made;
            }
            const { object, error } = await call(
                this._key,
                "POST",
                "confirmation_tokens",
                {
                    payment_method: made.paymentMethod.id,
                    return_url,
                    shipping,
                    setup_future_usage: elements._options.setupFutureUsage,
                }
            );
            return error ? { error } : { confirmationToken: object };
        }

        async _verify(clientSecret, data, kind) {
            const { amounts, descriptor_code } = data || {};
            const id = idOf(clientSecret, kind);
            const answer = await call(
                this._key,
                "POST",
                `${kind.path}/${id}/verify_microdeposits`,
                { client_secret: clientSecret, amounts, descriptor_code }
            );
            return this._result(answer, kind);
        }

        verifyMicrodepositsForPayment(clientSecret, data) {
            return this._verify(clientSecret, data, KINDS.payment);
        }

        verifyMicrodepositsForSetup(clientSecret, data) {
            return this._verify(clientSecret, data, KINDS.setup);
        }

        confirmUsBankAccountPayment(clientSecret, data) {
            return this._confirmCard(clientSecret, data, undefined, KINDS.payment);
        }

        confirmUsBankAccountSetup(clientSecret, data) {
            return this._confirmCard(clientSecret, data, undefined, KINDS.setup);
        }

        confirmPayment(options) {
            return this._confirm(options, KINDS.payment, "confirmPayment");
        }

        confirmSetup(options) {
            return this._confirm(options, KINDS.setup, "confirmSetup");
        }

        async _confirm(options, kind, name) {
            const { elements, confirmParams = {}, redirect = "always" } = options || {};
            const group = elements ? elements._options : {};
            const clientSecret = options.clientSecret || group.clientSecret;
            need(clientSecret, `${name}() needs a clientSecret.`);
            need(
                ["always", "if_required"].includes(redirect),
                `${name}(): redirect is always or if_required.`
            );
            need(
                redirect === "if_required" || confirmParams.return_url,
                `${name}() needs confirmParams.return_url, unless redirect is if_required.`
            );
            need(
                !group.mode || elements._submitted,
                `elements.submit() must be called before stripe.${name}().`
            );
            const found = await this._retrieve(clientSecret, kind);
            if (found.error) {
                return { error: found.error };
            }
            const problem = group.mode && mismatch(group, found.object, kind);
            if (problem) {
                return { error: { type: "invalid_request_error", message: problem } };
            }
            const result = await this._send(
                elements,
                clientSecret,
                kind,
                confirmParams,
                found.object
            );
            if (result.error || redirect === "if_required") {
                return result;
            }
            return this._leave(result[kind.result], kind, confirmParams.return_url);
        }

        /** Turn the form into a payment method, confirm with it, run the challenge. */
        async _send(elements, clientSecret, kind, confirmParams, intent) {
            let method = confirmParams.payment_method;
            if (elements && CONFIRMABLE.includes(intent.status)) {
                const data = confirmParams.payment_method_data || {};
                const made = await this.createPaymentMethod({ elements, params: data });
                if (made.error) {
                    return made;
                }
                method = made.paymentMethod.id;
            }
            const { shipping, receipt_email, return_url } = confirmParams;
            const answer = await call(
                this._key,
                "POST",
                `${kind.path}/${intent.id}/confirm`,
                {
                    client_secret: clientSecret,
                    payment_method: method,
                    confirmation_token: confirmParams.confirmation_token,
                    return_url,
                    use_stripe_sdk: true,
                    ...(kind === KINDS.payment ? { shipping, receipt_email } : {}),
                }
            );
            return answer.error
                ? { error: answer.error }
                : this._act(answer.object, kind);
        }

        /** Send the payer to the shop's return page. The page changes: no answer. */
        _leave(intent, kind, returnUrl) {
            const waits = ["processing", "requires_action"].includes(intent.status);
            const pending = waits ? "pending" : "failed";
            const status = ["succeeded", "requires_capture"].includes(intent.status)
                ? "succeeded"
                : pending;
            const query = new URLSearchParams({
                [kind.field]: intent.id,
                [`${kind.field}_client_secret`]: intent.client_secret,
                redirect_status: status,
            });
            const url = new URL(returnUrl, window.location.href);
            const joined = `${url.href}${url.search ? "&" : "?"}${query}`;
            window.location.assign(joined);
            return new Promise(() => {});
        }

        confirmCardPayment(clientSecret, data, options) {
            return this._confirmCard(clientSecret, data, options, KINDS.payment);
        }

        confirmCardSetup(clientSecret, data, options) {
            return this._confirmCard(clientSecret, data, options, KINDS.setup);
        }

        async _confirmCard(
            clientSecret,
            data = {},
            { handleActions = true } = {},
            kind
        ) {
            const found = await this._retrieve(clientSecret, kind);
            if (found.error) {
                return { error: found.error };
            }
            const intent = found.object;
            const named = data.payment_method;
            if (!named && intent.status === "requires_action") {
                return handleActions
                    ? this._act(intent, kind)
                    : { [kind.result]: intent };
            }
            if (!named && SUCCESS.includes(intent.status)) {
                return { [kind.result]: intent };
            }
            let method = named;
            if (named && typeof named === "object") {
                const made = await this.createPaymentMethod({
                    element: named.card,
                    params: { billing_details: named.billing_details },
                });
                if (made.error) {
                    return made;
                }
                method = made.paymentMethod.id;
            }
            const answer = await call(
                this._key,
                "POST",
                `${kind.path}/${intent.id}/confirm`,
                {
                    client_secret: clientSecret,
                    payment_method: method,
                    use_stripe_sdk: true,
                }
            );
            if (answer.error) {
                return { error: answer.error };
            }
            return handleActions
                ? this._act(answer.object, kind)
                : { [kind.result]: answer.object };
        }

        /** Wallets do not exist here: canMakePayment() says so and buttons hide. */
        paymentRequest() {
            const request = {
                canMakePayment: async () => null,
                on: () => request,
                once: () => request,
                off: () => request,
                update: () => undefined,
                show: () => undefined,
                abort: () => undefined,
                isShowing: () => false,
            };
            return request;
        }

        registerAppInfo() {
            return undefined;
        }
    }

    function Stripe(key, options) {
        return new StripeStandIn(key, options);
    }
    Stripe.version = ENDIVE ? "endive" : 3;
    window.Stripe = Stripe;
})();
