/*
 * The bank account part of the payment form.
 *
 * A payer either "signs in" at the test bank and picks one of its accounts, which
 * proves it at once, or types routing and account number and proves it with two
 * small deposits later.
 */
window.sandboxBank = (() => {
    "use strict";
    const form = document.getElementById("bank");
    const fields = {};
    for (const name of ["holder", "holder_type", "linked", "routing", "account"]) {
        fields[name] = form.elements[name];
    }

    function signsIn() {
        return form.elements.proof.value === "sign_in";
    }

    const CHECKS = {
        holder: () =>
            fields.holder.value.trim().length < 2
                ? ["incomplete_name", "Enter the name of the account holder."]
                : null,
        linked: () =>
            signsIn() && !fields.linked.value
                ? ["incomplete_account", "Choose one of your accounts."]
                : null,
        routing: () =>
            !signsIn() && !/^\d{9}$/.test(fields.routing.value.trim())
                ? ["incomplete_routing_number", "A routing number has 9 digits."]
                : null,
        account: () =>
            !signsIn() && !/^\d{4,17}$/.test(fields.account.value.trim())
                ? ["incomplete_account_number", "Enter the account number."]
                : null,
    };

    function show(name) {
        const problem = CHECKS[name]();
        fields[name].setAttribute("aria-invalid", problem ? "true" : "false");
        document.getElementById(`${name}-error`).textContent = problem
            ? problem[1]
            : "";
    }

    function showAll() {
        Object.keys(CHECKS).forEach(show);
    }

    function firstProblem() {
        for (const name of Object.keys(CHECKS)) {
            const problem = CHECKS[name]();
            if (problem) {
                return { field: fields[name], code: problem[0], message: problem[1] };
            }
        }
        return null;
    }

    function empty() {
        return !fields.linked.value && !fields.routing.value && !fields.account.value;
    }

    function switchProof() {
        document.getElementById("sign-in").hidden = !signsIn();
        document.getElementById("numbers").hidden = signsIn();
    }

    /** Return the parameters of the payment method; signs in at the bank if asked. */
    async function params() {
        const result = {
            type: "us_bank_account",
            "us_bank_account[account_holder_type]": fields.holder_type.value,
            "billing_details[name]": fields.holder.value.trim(),
        };
        if (!signsIn()) {
            result["us_bank_account[routing_number]"] = fields.routing.value.trim();
            result["us_bank_account[account_number]"] = fields.account.value.trim();
            return result;
        }
        const response = await fetch("/_sandbox/bank_sign_in", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ name: fields.linked.value }),
        });
        const { id } = await response.json();
        result["us_bank_account[financial_connections_account]"] = id;
        return result;
    }

    function fill(values) {
        for (const [name, value] of Object.entries(values)) {
            if (name === "proof") {
                form.elements.proof.value = value;
            } else if (fields[name]) {
                fields[name].value = value;
            }
        }
        switchProof();
    }

    form.addEventListener("submit", (event) => event.preventDefault());
    return {
        form,
        fields,
        show,
        showAll,
        firstProblem,
        empty,
        switchProof,
        params,
        fill,
    };
})();
