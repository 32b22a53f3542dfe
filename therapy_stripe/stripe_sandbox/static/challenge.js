/* Tells the page around the challenge that the payer has answered. */
(() => {
    "use strict";
    const { state, embed, origin } = document.body.dataset;
    if (state !== "done") {
        return;
    }
    document.querySelector("form").hidden = true;
    if (embed && origin && window.parent !== window) {
        window.parent.postMessage({ sandbox: "3ds", type: "done" }, origin);
    }
})();
