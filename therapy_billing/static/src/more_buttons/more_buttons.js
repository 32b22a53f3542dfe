import { patch } from "@web/core/utils/patch";
import { FormCompiler } from "@web/views/form/form_compiler";
import { StatusBarButtons } from "@web/views/form/status_bar_buttons/status_bar_buttons";

const MARK = "o_therapy_more";

/**
 * Buttons of a form's header with the class "o_therapy_more" stand in a menu "More".
 *
 * On forms of bills this holds for therapy bills only: the buttons of other entries
 * stay where Odoo has them. Small screens have such a menu anyway.
 */
patch(FormCompiler.prototype, {
    compileHeader() {
        const header = super.compileHeader(...arguments);
        for (const button of header.querySelectorAll("ViewButton")) {
            if (button.getAttribute("className")?.includes(MARK)) {
                button.parentElement.setAttribute(
                    "isMore",
                    "__comp__.props.record.data.is_therapy_bill !== false"
                );
            }
        }
        return header;
    },
});

patch(StatusBarButtons.prototype, {
    get therapyShownSlots() {
        return this.visibleSlotNames.filter((name) => !this.props.slots[name].isMore);
    },
    get therapyMoreSlots() {
        return this.visibleSlotNames.filter((name) => this.props.slots[name].isMore);
    },
});
