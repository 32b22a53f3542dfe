/*
 * Part 2: one Element. Its fields live in a frame of the sandbox's origin
 * (static/elements.js); this side only ever sees states and ids.
 */
(() => {
    "use strict";
    const { ORIGIN, need } = window.stripeSandbox;

    const LOAD_TIMEOUT = 10000;
    const created = [];
    let counter = 0;

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
            created.push(this);
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
            const kept = (this._handlers[event] || []).filter(
                (each) => handler && each !== handler
            );
            this._handlers[event] = kept;
            return this;
        }

        _emit(event, payload = {}) {
            for (const handler of [...(this._handlers[event] || [])]) {
                handler({ elementType: this._type, ...payload });
            }
        }

        mount(target) {
            const node =
                typeof target === "string" ? document.querySelector(target) : target;
            need(
                node,
                `The selector you specified (${target}) applies to no DOM elements.`
            );
            need(!this._destroyed, "This Element has already been destroyed.");
            this.unmount();
            const query = new URLSearchParams({
                origin: window.location.origin,
                id: this._id,
            });
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
                this._emit("loaderror", {
                    error: { type: "api_error", message: error.message },
                })
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
            return this._ask("fill", { number: "", expiry: "", cvc: "", postal: "" });
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
                this._frame.contentWindow.postMessage(
                    { sandbox: this._id, type, seq, data },
                    ORIGIN
                );
            });
        }

        async _onMessage(event) {
            const { data } = event;
            const ours = this._frame && event.source === this._frame.contentWindow;
            if (
                !ours ||
                event.origin !== ORIGIN ||
                !data ||
                data.sandbox !== this._id
            ) {
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
                    types: await this._elements._methodTypes(),
                });
                clearTimeout(this._loadTimer);
                this._resolveLoaded();
                this._emit("ready");
            } else if (data.type === "resize") {
                this._frame.style.height = `${Math.min(Math.max(data.height, 200), 900)}px`;
            } else if (data.type === "change") {
                const { empty, complete, methodType } = data;
                this._emit("change", {
                    empty,
                    complete,
                    collapsed: false,
                    value: { type: methodType },
                });
            } else if (data.type === "carddetails") {
                const { loading, details } = data;
                this._emit(
                    "carddetailschange",
                    details ? { loading, details } : { loading }
                );
            } else if (data.type === "focus" || data.type === "blur") {
                this._emit(data.type);
            }
        }
    }

    /**
     * For tests that cannot type into a frame of another origin (Odoo's tours): put
     * test card values into every mounted card form of this page.
     */
    function fill(values) {
        const mounted = created.filter(
            (each) => each._type === "payment" && each._frame
        );
        return Promise.all(mounted.map((each) => each._ask("fill", values)));
    }
    Object.assign(window.stripeSandbox, { Element, fill });
})();
