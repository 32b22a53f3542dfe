/*
 * The card form inside the sandbox's own frame.
 *
 * What is typed here goes to the sandbox directly; the page around the frame gets
 * states and ids only. Messages are taken from, and sent to, one origin: the page
 * that opened the frame, named in its address.
 */
(() => {
    "use strict";
    const query = new URLSearchParams(location.search);
    const parentOrigin = query.get("origin");
    const frameId = query.get("id");
    const LOCAL = /^http:\/\/(127(\.\d{1,3}){3}|localhost)(:\d+)?$/;
    if (!LOCAL.test(parentOrigin || "") || window.parent === window) {
        return;
    }

    const form = document.getElementById("card");
    const fields = {};
    for (const name of ["number", "expiry", "cvc", "postal"]) {
        fields[name] = form.elements[name];
    }
    const APPEARANCE = [
        "colorPrimary",
        "colorText",
        "colorTextSecondary",
        "colorDanger",
        "colorBackground",
        "borderRadius",
        "fontFamily",
    ];
    const BRANDS = {
        amex: "Amex",
        mastercard: "Mastercard",
        visa: "Visa",
        discover: "Discover",
    };
    const bank = window.sandboxBank;
    const tabs = document.getElementById("tabs");
    let methodType = "card";
    let key = null;
    let billing = {};
    let detailsFor = "";

    function send(type, data = {}) {
        window.parent.postMessage({ sandbox: frameId, type, ...data }, parentOrigin);
    }

    // -- what was typed -------------------------------------------------------

    function digits(name) {
        return fields[name].value.replace(/\D/g, "");
    }

    function brandOf(number) {
        if (/^3[47]/.test(number)) return "amex";
        if (/^4/.test(number)) return "visa";
        if (/^(5[1-5]|2[2-7])/.test(number)) return "mastercard";
        if (/^6(011|4|5)/.test(number)) return "discover";
        return "";
    }

    function luhn(number) {
        let sum = 0;
        [...number].reverse().forEach((char, index) => {
            let digit = Number(char);
            if (index % 2) {
                digit = digit * 2 - (digit > 4 ? 9 : 0);
            }
            sum += digit;
        });
        return sum % 10 === 0;
    }

    function numberLength() {
        return brandOf(digits("number")) === "amex" ? 15 : 16;
    }

    const CHECKS = {
        number() {
            const number = digits("number");
            if (number.length < numberLength()) {
                return ["incomplete_number", "Your card number is incomplete."];
            }
            if (number.length > numberLength() || !luhn(number)) {
                return ["invalid_number", "Your card number is invalid."];
            }
            return null;
        },
        expiry() {
            const text = digits("expiry");
            if (text.length < 4) {
                return [
                    "incomplete_expiry",
                    "Your card's expiration date is incomplete.",
                ];
            }
            const month = Number(text.slice(0, 2));
            const year = 2000 + Number(text.slice(2, 4));
            const today = new Date();
            const past =
                year < today.getFullYear() ||
                (year === today.getFullYear() && month < today.getMonth() + 1);
            if (month < 1 || month > 12 || past) {
                return [
                    "invalid_expiry_year_past",
                    "Your card's expiration date is in the past.",
                ];
            }
            return null;
        },
        cvc() {
            const wanted = brandOf(digits("number")) === "amex" ? 4 : 3;
            if (digits("cvc").length !== wanted) {
                return ["incomplete_cvc", "Your card's security code is incomplete."];
            }
            return null;
        },
        postal() {
            if (fields.postal.value.trim().length < 3) {
                return ["incomplete_zip", "Your ZIP code is incomplete."];
            }
            return null;
        },
    };

    function firstProblem() {
        return methodType === "card" ? firstCardProblem() : bank.firstProblem();
    }

    function firstCardProblem() {
        for (const name of Object.keys(fields)) {
            const problem = CHECKS[name]();
            if (problem) {
                return {
                    field: fields[name],
                    code: problem[0],
                    message: problem[1],
                };
            }
        }
        return null;
    }

    function show(name, problem) {
        fields[name].setAttribute("aria-invalid", problem ? "true" : "false");
        document.getElementById(`${name}-error`).textContent = problem
            ? problem[1]
            : "";
        resize();
    }

    function resize() {
        send("resize", { height: document.body.scrollHeight + 4 });
    }

    // -- typing ---------------------------------------------------------------

    function formatNumber() {
        const number = digits("number").slice(0, numberLength());
        const pattern =
            brandOf(number) === "amex" ? /^(\d{0,4})(\d{0,6})(\d{0,5})$/ : null;
        const groups = pattern
            ? number.match(pattern).slice(1)
            : number.match(/\d{1,4}/g) || [];
        fields.number.value = groups.filter(Boolean).join(" ");
        document.getElementById("brand").textContent = BRANDS[brandOf(number)] || "";
    }

    function formatExpiry(event) {
        let text = digits("expiry").slice(0, 4);
        if (/^[2-9]$/.test(text)) {
            text = `0${text}`;
        }
        const deleting = event && (event.inputType || "").startsWith("delete");
        if (text.length > 2 || (text.length === 2 && !deleting)) {
            text = `${text.slice(0, 2)} / ${text.slice(2)}`;
        }
        fields.expiry.value = text;
    }

    async function tellDetails() {
        const number = digits("number");
        const complete = CHECKS.number() === null;
        if (!complete) {
            if (detailsFor) {
                detailsFor = "";
                send("carddetails", { loading: false, details: null });
            }
            return;
        }
        if (detailsFor === number) {
            return;
        }
        detailsFor = number;
        send("carddetails", { loading: true, details: null });
        const response = await fetch("/_sandbox/card_details", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ number }),
        });
        const details = await response.json();
        if (detailsFor === number) {
            send("carddetails", { loading: false, details });
        }
    }

    function changed() {
        const isCard = methodType === "card";
        const empty = isCard
            ? Object.values(fields).every((field) => !field.value)
            : bank.empty();
        send("change", { empty, complete: firstProblem() === null, methodType });
        if (isCard) tellDetails();
    }

    // -- card or bank account ---------------------------------------------------

    function select(type) {
        methodType = type;
        form.hidden = document.getElementById("card-hint").hidden = type !== "card";
        bank.form.hidden = type === "card";
        for (const tab of tabs.children) {
            tab.setAttribute("aria-selected", String(tab.dataset.type === type));
        }
        resize();
    }

    tabs.addEventListener("click", (event) => {
        const tab = event.target.closest("button");
        if (tab && tab.dataset.type !== methodType) {
            select(tab.dataset.type);
            changed();
        }
    });
    bank.form.addEventListener("input", (event) => {
        bank.switchProof();
        const name = event.target.name;
        if (event.target.getAttribute("aria-invalid") === "true") bank.show(name);
        resize();
        changed();
    });

    form.addEventListener("input", (event) => {
        const name = event.target.name;
        if (name === "number") formatNumber();
        if (name === "expiry") formatExpiry(event);
        if (name === "cvc") fields.cvc.value = digits("cvc").slice(0, 4);
        if (fields[name].getAttribute("aria-invalid") === "true") {
            show(name, CHECKS[name]());
        }
        changed();
    });
    form.addEventListener("focusin", () => send("focus"));
    form.addEventListener("focusout", (event) => {
        const name = event.target.name;
        if (fields[name].value) show(name, CHECKS[name]());
        send("blur");
    });
    form.addEventListener("submit", (event) => event.preventDefault());

    // -- what the page asks for -----------------------------------------------

    function validate() {
        if (methodType === "card") {
            for (const name of Object.keys(fields)) show(name, CHECKS[name]());
        } else {
            bank.showAll();
            resize();
        }
        const problem = firstProblem();
        if (!problem) {
            return { methodType };
        }
        problem.field.focus();
        return {
            error: {
                type: "validation_error",
                code: problem.code,
                message: problem.message,
            },
        };
    }

    function billingForm(params, extra) {
        const details = { ...billing, ...(extra || {}) };
        const address = { ...(details.address || {}) };
        if (methodType === "card") {
            address.postal_code = fields.postal.value.trim();
        }
        for (const name of ["name", "email", "phone"]) {
            if (details[name]) params.set(`billing_details[${name}]`, details[name]);
        }
        for (const [name, value] of Object.entries(address)) {
            if (value) params.set(`billing_details[address][${name}]`, value);
        }
    }

    function cardParams() {
        const expiry = digits("expiry");
        return {
            type: "card",
            "card[number]": digits("number"),
            "card[exp_month]": expiry.slice(0, 2),
            "card[exp_year]": `20${expiry.slice(2, 4)}`,
            "card[cvc]": digits("cvc"),
        };
    }

    async function createPaymentMethod(data) {
        const invalid = validate();
        if (invalid.error) {
            return invalid;
        }
        try {
            const own = methodType === "card" ? cardParams() : await bank.params();
            const params = new URLSearchParams();
            billingForm(params, data.billing_details);
            for (const [name, value] of Object.entries({ key, ...own })) {
                params.set(name, value);
            }
            const response = await fetch("/v1/payment_methods", {
                method: "POST",
                body: params,
            });
            const body = await response.json();
            return response.ok ? { id: body.id, methodType } : { error: body.error };
        } catch {
            return {
                error: {
                    type: "api_connection_error",
                    message: "The payment form is offline.",
                },
            };
        }
    }

    function fill(values) {
        const type = values.type || methodType;
        if (type !== methodType) select(type);
        if (type !== "card") {
            bank.fill(values);
            changed();
            return {};
        }
        for (const [name, value] of Object.entries(values)) {
            if (fields[name]) {
                fields[name].value = value;
                fields[name].dispatchEvent(new InputEvent("input", { bubbles: true }));
            }
        }
        return {};
    }

    function init(data) {
        key = data.key;
        billing = data.billing || {};
        if (!bank.fields.holder.value) bank.fields.holder.value = billing.name || "";
        const types = data.types && data.types.length ? data.types : ["card"];
        tabs.hidden = types.length < 2;
        select(types[0]);
        const postal = (billing.address || {}).postal_code;
        if (postal && !fields.postal.value) fields.postal.value = postal;
        for (const name of APPEARANCE) {
            const value = (data.variables || {})[name];
            if (value) document.documentElement.style.setProperty(`--${name}`, value);
        }
        resize();
        return {};
    }

    const COMMANDS = {
        init,
        validate,
        createPaymentMethod,
        fill,
        focus: () =>
            methodType === "card" ? fields.number.focus() : bank.fields.holder.focus(),
    };

    window.addEventListener("message", async (event) => {
        const { data } = event;
        const ours = event.origin === parentOrigin && event.source === window.parent;
        if (!ours || !data || data.sandbox !== frameId || !(data.type in COMMANDS)) {
            return;
        }
        const result = await COMMANDS[data.type](data.data || {});
        send("answer", { seq: data.seq, result: result || {} });
    });
    window.addEventListener("resize", resize);
    send("loaded");
})();
