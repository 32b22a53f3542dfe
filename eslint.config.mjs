// No imports: the packages lie in the cache, not beside this file.
const names = (text) =>
    Object.fromEntries(text.split(/\s+/).map((name) => [name, "readonly"]));

const browser = names(
    `window document location history navigator console fetch URL URLSearchParams
    FormData Headers Event CustomEvent MessageEvent InputEvent HTMLElement HTMLFormElement Element Node
    MutationObserver AbortController Promise setTimeout clearTimeout setInterval
    clearInterval requestAnimationFrame crypto sessionStorage localStorage getComputedStyle
    self top parent postMessage`
);

const rules = {
    "constructor-super": "error",
    curly: ["error", "multi-line"],
    eqeqeq: ["error", "always", { null: "ignore" }],
    "for-direction": "error",
    "getter-return": "error",
    "no-alert": "error",
    "no-async-promise-executor": "error",
    "no-class-assign": "error",
    "no-compare-neg-zero": "error",
    "no-cond-assign": "error",
    "no-console": ["error", { allow: ["warn", "error"] }],
    "no-const-assign": "error",
    "no-debugger": "error",
    "no-dupe-args": "error",
    "no-dupe-class-members": "error",
    "no-dupe-else-if": "error",
    "no-dupe-keys": "error",
    "no-duplicate-case": "error",
    "no-empty": "error",
    "no-eval": "error",
    "no-fallthrough": "error",
    "no-func-assign": "error",
    "no-implied-eval": "error",
    "no-import-assign": "error",
    "no-inner-declarations": "error",
    "no-new-func": "error",
    "no-redeclare": ["error", { builtinGlobals: false }],
    "no-self-assign": "error",
    "no-this-before-super": "error",
    "no-undef": "error",
    "no-unreachable": "error",
    "no-unsafe-finally": "error",
    "no-unsafe-negation": "error",
    "no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_" }],
    "no-var": "error",
    "no-with": "error",
    "prefer-const": ["error", { destructuring: "all" }],
    "require-yield": "error",
    "use-isnan": "error",
    "valid-typeof": "error",
};

export default [
    { ignores: ["**/static/lib/**", "**/node_modules/**"] },
    {
        files: ["**/*.js", "**/*.mjs"],
        languageOptions: {
            ecmaVersion: 2023,
            sourceType: "module",
            // Stripe is loaded by script tag; odoo and luxon are Odoo's own globals.
            globals: { ...browser, ...names("odoo luxon Stripe") },
        },
        linterOptions: { reportUnusedDisableDirectives: "error" },
        rules,
    },
    {
        // The sandbox's stand-in for stripe.js and its pages: plain scripts.
        files: ["therapy_stripe/stripe_sandbox/**/*.js"],
        languageOptions: { ecmaVersion: 2023, sourceType: "script", globals: browser },
        rules,
    },
    {
        files: ["**/*.cjs"],
        languageOptions: { sourceType: "commonjs" },
        rules,
    },
];
