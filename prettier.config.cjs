// The style of Odoo's own JavaScript: four blanks, double quotes, 88 columns as Python.
module.exports = {
    printWidth: 88,
    tabWidth: 4,
    trailingComma: "es5",
};
