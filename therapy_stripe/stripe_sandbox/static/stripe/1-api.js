/*
 * Stand-in for stripe.js, part 1: where we are, and the API as a browser may use it.
 *
 * The parts are served as one file, in order; they share window.stripeSandbox. The
 * file knows by its own address which build it plays: the endive build refuses
 * `paymentMethodTypes`.
 */
(() => {
    "use strict";
    window.stripeSandbox = {};

    const SOURCE = new URL(document.currentScript.src);
    const ORIGIN = SOURCE.origin;
    const ENDIVE = SOURCE.pathname.startsWith("/endive/");

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
        const form = flatten({ ...params, key }, "", new URLSearchParams());
        const url = `${ORIGIN}/v1/${path}`;
        try {
            const response = await (method === "GET"
                ? fetch(`${url}?${form}`, { credentials: "omit" })
                : fetch(url, { method, body: form, credentials: "omit" }));
            const body = await response.json();
            return response.ok ? { object: body } : { error: body.error };
        } catch {
            return {
                error: {
                    type: "api_connection_error",
                    message: "The sandbox did not answer.",
                },
            };
        }
    }

    /** What differs between payment intents and setup intents. */
    const KINDS = {
        payment: {
            path: "payment_intents",
            result: "paymentIntent",
            failure: "last_payment_error",
        },
        setup: {
            path: "setup_intents",
            result: "setupIntent",
            failure: "last_setup_error",
        },
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
    Object.assign(window.stripeSandbox, { ORIGIN, ENDIVE, KINDS, need, call, idOf });
})();
