import { registry } from "@web/core/registry";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";

/**
 * Rows of other records, entered in place: "Add a line" adds a line, where a many2many
 * would ask to choose an existing record in a dialog.
 */
export class InlineRowsField extends X2ManyField {
    get isMany2Many() {
        return false;
    }
}

registry.category("fields").add("therapy_inline_rows", {
    ...x2ManyField,
    component: InlineRowsField,
    supportedTypes: ["many2many"],
});
