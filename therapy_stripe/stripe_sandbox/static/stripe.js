/*
 * Stand-in for stripe.js: the same calls, served by and talking to the sandbox.
 *
 * Card fields live in a frame of the sandbox's origin (static/elements.js); this
 * script, which runs in the shop's page, only ever sees ids. The file knows by its
 * own address which build it plays: the endive build refuses `paymentMethodTypes`.
 */
(() => {
    "use strict";
    const SOURCE = new URL(document.currentScript.src);
    const ORIGIN = SOURCE.origin;
    const ENDIVE = SOURCE.pathname.startsWith("/endive/");
    const LOAD_TIMEOUT = 10000;
    const SUCCESS = ["succeeded", "processing", "requires_capture"];
    const CONFIRMABLE = ["requires_payment_method", "requires_confirmation", "requires_action"];
    const created = [];
    let counter = 0;

    class IntegrationError extends Error {
        constructor(message) {
            super(message);
            this.name = "IntegrationError";
        }
    }

    function need(condition, message) {
        if (!condition) {
            throw new IntegrationError(message);
        }
    }

    // -- the API as a browser may use it ---------------------------------------

    function flatten(params, prefix, form) {
        for (const [name, value] of Object.entries(params)) {
            const key = prefix ? `${prefix}[${name}]` : name;
            if (value !== null && typeof value === "object") {
                flatten(value, key, form);
            } else if (value !== undefined && value !== null) {
                form.set(key, value);
            }
        }
        return form;
    }

    async function call(key, method, path, params = {}) {
        const form = flatten({...params, key}, "", new URLSearchParams());
        const url = `${ORIGIN}/v1/${path}`;
        try {
            const response = await (method === "GET"
                ? fetch(`${url}?${form}`, {credentials: "omit"})
                : fetch(url, {method, body: form, credentials: "omit"}));
            const body = await response.json();
            return response.ok ? {object: body} : {error: body.error};
        } catch {
            return {error: {type: "api_connection_error", message: "The sandbox did not answer."}};
        }
    }

    /** What differs between payment intents and setup intents. */
    const KINDS = {
        payment: {path: "payment_intents", result: "paymentIntent", failure: "last_payment_error"},
        setup: {path: "setup_intents", result: "setupIntent", failure: "last_setup_error"},
    };
    KINDS.payment.field = "payment_intent";
    KINDS.setup.field = "setup_intent";

    function idOf(clientSecret, kind) {
        const match = /^((?:pi|seti)_\w+)_secret_\w+$/.exec(clientSecret || "");
        const prefix = kind === KINDS.payment ? "pi_" : "seti_";
        need(
            match && match[1].startsWith(prefix),
            `Invalid value for clientSecret: expected a client secret of a ${kind.field}.`
        );
        return match[1];
    }

    // -- the payment element -----------------------------------------------------

    class Element {
        constructor(type, elements, options) {
            this._type = type;
            this._elements = elements;
            this._options = options || {};
            this._handlers = {};
            this._waiting = new Map();
            this._id = `sandbox-${type}-${++counter}`;
            this._frame = null;
            this._loaded = null;
            this._onMessage = this._onMessage.bind(this);
        }

        on(event, handler) {
            (this._handlers[event] = this._handlers[event] || []).push(handler);
            return this;
        }

        once(event, handler) {
            const wrapper = (payload) => {
                this.off(event, wrapper);
                handler(payload);
            };
            return this.on(event, wrapper);
        }

        off(event, handler) {
            const kept = (this._handlers[event] || []).filter((each) => handler && each !== handler);
            this._handlers[event] = kept;
            return this;
        }

        _emit(event, payload = {}) {
            for (const handler of [...(this._handlers[event] || [])]) {
                handler({elementType: this._type, ...payload});
            }
        }

        mount(target) {
            const node = typeof target === "string" ? document.querySelector(target) : target;
            need(node, `The selector you specified (${target}) applies to no DOM elements.`);
            need(!this._destroyed, "This Element has already been destroyed.");
            this.unmount();
            const query = new URLSearchParams({origin: window.location.origin, id: this._id});
            const frame = document.createElement("iframe");
            frame.name = this._id;
            frame.title = "Secure payment input frame";
            frame.setAttribute("allow", "payment *");
            frame.setAttribute("allowtransparency", "true");
            frame.style.cssText =
                "border:0;width:100%;height:330px;display:block;background:transparent";
            frame.src = `${ORIGIN}/_sandbox/elements?${query}`;
            this._loaded = new Promise((resolve, reject) => {
                this._resolveLoaded = resolve;
                this._loadTimer = setTimeout(
                    () => reject(new Error("The payment form did not load.")),
                    LOAD_TIMEOUT
                );
            });
            this._loaded.catch((error) =>
                this._emit("loaderror", {error: {type: "api_error", message: error.message}})
            );
            window.addEventListener("message", this._onMessage);
            this._frame = frame;
            node.replaceChildren(frame);
            this._emit("loaderstart");
            return this;
        }

        unmount() {
            if (this._frame) {
                window.removeEventListener("message", this._onMessage);
                clearTimeout(this._loadTimer);
                this._frame.remove();
                this._frame = null;
            }
            return this;
        }

        destroy() {
            this.unmount();
            this._destroyed = true;
            this._elements._forget(this);
            return this;
        }

        update(options) {
            Object.assign(this._options, options);
            return this;
        }

        collapse() {
            return this;
        }

        focus() {
            this._ask("focus");
        }

        blur() {
            return this;
        }

        clear() {
            return this._ask("fill", {number: "", expiry: "", cvc: "", postal: ""});
        }

        /** Send a command into the frame; resolves to its answer. */
        async _ask(type, data = {}) {
            need(this._frame, "The Element is not mounted.");
            if (type !== "init") {
                await this._loaded;
            }
            const seq = ++counter;
            return new Promise((resolve) => {
                this._waiting.set(seq, resolve);
                this._frame.contentWindow.postMessage({sandbox: this._id, type, seq, data}, ORIGIN);
            });
        }

        async _onMessage(event) {
            const {data} = event;
            const ours = this._frame && event.source === this._frame.contentWindow;
            if (!ours || event.origin !== ORIGIN || !data || data.sandbox !== this._id) {
                return;
            }
            if (data.type === "answer") {
                const resolve = this._waiting.get(data.seq);
                this._waiting.delete(data.seq);
                if (resolve) resolve(data.result);
            } else if (data.type === "loaded") {
                const defaults = this._options.defaultValues || {};
                const appearance = this._elements._options.appearance || {};
                await this._ask("init", {
                    key: this._elements._stripe._key,
                    billing: defaults.billingDetails || {},
                    variables: appearance.variables || {},
                });
                clearTimeout(this._loadTimer);
                this._resolveLoaded();
                this._emit("ready");
            } else if (data.type === "resize") {
                this._frame.style.height = `${Math.min(Math.max(data.height, 200), 800)}px`;
            } else if (data.type === "change") {
                const {empty, complete} = data;
                this._emit("change", {empty, complete, collapsed: false, value: {type: "card"}});
            } else if (data.type === "carddetails") {
                const {loading, details} = data;
                this._emit("carddetailschange", details ? {loading, details} : {loading});
            } else if (data.type === "focus" || data.type === "blur") {
                this._emit(data.type);
            }
        }
    }

    // -- elements ----------------------------------------------------------------

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
            this._options = {...options};
            this._elements = [];
            this._submitted = false;
            this._check();
        }

        _check() {
            const {mode, amount, currency} = this._options;
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
            created.push(element);
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
                need(!("paymentMethodTypes" in options), "paymentMethodTypes is no longer supported.");
            }
            Object.assign(this._options, options);
            this._check();
        }

        async fetchUpdates() {
            return {};
        }

        /** Validate the form. Resolves `{error}` when it is incomplete, never throws. */
        async submit() {
            const element = this.getElement("payment");
            need(element, "elements() has no payment Element to submit.");
            const {error} = await element._ask("validate");
            if (error) {
                return {error};
            }
            this._submitted = true;
            return {selectedPaymentMethod: "card"};
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
            return differ("captureMethod", manual(options.captureMethod), intent.capture_method);
        }
        return null;
    }

    // -- 3D Secure ---------------------------------------------------------------

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
                const ours = event.origin === ORIGIN && event.source === frame.contentWindow;
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
            need(typeof key === "string" && key, "Please call Stripe() with your publishable key.");
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
            return call(this._key, "GET", `${kind.path}/${id}`, {client_secret: clientSecret});
        }

        async retrievePaymentIntent(clientSecret) {
            return this._result(await this._retrieve(clientSecret, KINDS.payment), KINDS.payment);
        }

        async retrieveSetupIntent(clientSecret) {
            return this._result(await this._retrieve(clientSecret, KINDS.setup), KINDS.setup);
        }

        _result({object, error}, kind) {
            return error ? {error} : {[kind.result]: object};
        }

        /** `{error}` for an intent that came back for another payment method. */
        _outcome(intent, kind) {
            if (intent.status === "requires_payment_method" && intent[kind.failure]) {
                return {error: {...intent[kind.failure], [kind.field]: intent}};
            }
            return {[kind.result]: intent};
        }

        async _act(intent, kind) {
            const action = intent.next_action;
            if (intent.status !== "requires_action" || !action) {
                return this._outcome(intent, kind);
            }
            const step = action.use_stripe_sdk || action.redirect_to_url;
            await openChallenge(step.stripe_js || step.url);
            const {object, error} = await this._retrieve(intent.client_secret, kind);
            return error ? {error} : this._outcome(object, kind);
        }

        async handleNextAction({clientSecret}) {
            const kind = (clientSecret || "").startsWith("seti_") ? KINDS.setup : KINDS.payment;
            const {object, error} = await this._retrieve(clientSecret, kind);
            return error ? {error} : this._act(object, kind);
        }

        async createPaymentMethod(options = {}) {
            const element = options.elements ? options.elements.getElement("payment") : options.element;
            need(element instanceof Element, "createPaymentMethod() needs elements or an element.");
            const params = options.params || {};
            const {id, error} = await element._ask("createPaymentMethod", {
                billing_details: params.billing_details,
            });
            if (error) {
                return {error};
            }
            return {paymentMethod: {id, object: "payment_method", type: "card", livemode: false}};
        }

        confirmPayment(options) {
            return this._confirm(options, KINDS.payment, "confirmPayment");
        }

        confirmSetup(options) {
            return this._confirm(options, KINDS.setup, "confirmSetup");
        }

        async _confirm(options, kind, name) {
            const {elements, confirmParams = {}, redirect = "always"} = options || {};
            const group = elements ? elements._options : {};
            const clientSecret = options.clientSecret || group.clientSecret;
            need(clientSecret, `${name}() needs a clientSecret.`);
            need(["always", "if_required"].includes(redirect), `${name}(): redirect is always or if_required.`);
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
                return {error: found.error};
            }
            const problem = group.mode && mismatch(group, found.object, kind);
            if (problem) {
                return {error: {type: "invalid_request_error", message: problem}};
            }
            const result = await this._send(elements, clientSecret, kind, confirmParams, found.object);
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
                const made = await this.createPaymentMethod({elements, params: data});
                if (made.error) {
                    return made;
                }
                method = made.paymentMethod.id;
            }
            const {shipping, receipt_email, return_url} = confirmParams;
            const answer = await call(this._key, "POST", `${kind.path}/${intent.id}/confirm`, {
                client_secret: clientSecret,
                payment_method: method,
                return_url,
                use_stripe_sdk: true,
                ...(kind === KINDS.payment ? {shipping, receipt_email} : {}),
            });
            return answer.error ? {error: answer.error} : this._act(answer.object, kind);
        }

        /** Send the payer to the shop's return page. The page changes: no answer. */
        _leave(intent, kind, returnUrl) {
            const pending = intent.status === "processing" ? "pending" : "failed";
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

        async _confirmCard(clientSecret, data = {}, {handleActions = true} = {}, kind) {
            const found = await this._retrieve(clientSecret, kind);
            if (found.error) {
                return {error: found.error};
            }
            const intent = found.object;
            const named = data.payment_method;
            if (!named && intent.status === "requires_action") {
                return handleActions ? this._act(intent, kind) : {[kind.result]: intent};
            }
            if (!named && SUCCESS.includes(intent.status)) {
                return {[kind.result]: intent};
            }
            let method = named;
            if (named && typeof named === "object") {
                const made = await this.createPaymentMethod({
                    element: named.card,
                    params: {billing_details: named.billing_details},
                });
                if (made.error) {
                    return made;
                }
                method = made.paymentMethod.id;
            }
            const answer = await call(this._key, "POST", `${kind.path}/${intent.id}/confirm`, {
                client_secret: clientSecret,
                payment_method: method,
                use_stripe_sdk: true,
            });
            if (answer.error) {
                return {error: answer.error};
            }
            return handleActions ? this._act(answer.object, kind) : {[kind.result]: answer.object};
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

    /**
     * For tests that cannot type into a frame of another origin (Odoo's tours): put
     * test card values into every mounted card form of this page.
     */
    window.stripeSandbox = {
        fill: (values) =>
            Promise.all(
                created
                    .filter((element) => element._type === "payment" && element._frame)
                    .map((element) => element._ask("fill", values))
            ),
    };
})();
