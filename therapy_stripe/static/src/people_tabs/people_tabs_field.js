import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { formatMonetary } from "@web/views/fields/formatters";
import { FormRenderer } from "@web/views/form/form_renderer";
import { Component, onWillUpdateProps, useEffect, useState } from "@odoo/owl";

const ICONS = {
    done: "fa-check text-success",
    pending: "fa-clock-o text-warning",
    unknown: "fa-clock-o text-warning",
    declined: "fa-times text-danger",
    error: "fa-times text-danger",
};

/**
 * One person's part of a charge per tab: a one2many whose records are shown as forms.
 *
 * The records have `partner_id`, `amount`, `currency_id` and `result`; the form of a tab
 * is the `<form>` in the field.
 */
export class PeopleTabsField extends Component {
    static template = "therapy_stripe.PeopleTabsField";
    static components = { FormRenderer };
    static props = {
        ...standardFieldProps,
        views: Object,
    };

    setup() {
        this.state = useState({ active: this.records[0]?.id });
        this.archInfo = this.props.views.form;
        onWillUpdateProps(() => this.keepActive());
        useEffect(
            (record, readonly) => {
                if (record && !readonly && !record.isInEdition) {
                    record.switchMode("edit");
                }
            },
            () => [this.active, this.props.readonly]
        );
    }

    get list() {
        return this.props.record.data[this.props.name];
    }

    get records() {
        return this.list.records;
    }

    /** The record whose tab is open; the first one if that is gone. */
    get active() {
        return (
            this.records.find((record) => record.id === this.state.active) ||
            this.records[0]
        );
    }

    /** Keep to the same place when records were loaded anew and have other ids. */
    keepActive() {
        const index = this.records.findIndex((x) => x.id === this.state.active);
        if (index >= 0) {
            this.index = index;
        } else {
            const last = this.records.length - 1;
            this.state.active = this.records[Math.min(this.index || 0, last)]?.id;
        }
    }

    /**
     * @param {Object} record
     * @returns {string} the person's name
     */
    getName(record) {
        return record.data.partner_id?.display_name || _t("New person");
    }

    /**
     * @param {Object} record
     * @returns {string} the person's part, as money
     */
    getAmount(record) {
        const { amount, currency_id } = record.data;
        return formatMonetary(amount, { currencyId: currency_id?.id });
    }

    /**
     * @param {Object} record
     * @returns {string} classes of the icon that says what became of the charge
     */
    getIcon(record) {
        return ICONS[record.data.result] || "";
    }

    /** @param {Object} record */
    onOpen(record) {
        this.state.active = record.id;
        this.index = this.records.indexOf(record);
    }

    /**
     * Go to another tab with the arrow keys, as in any list of tabs.
     *
     * @param {KeyboardEvent} ev
     */
    onKeydown(ev) {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[ev.key];
        if (!step) {
            return;
        }
        ev.preventDefault();
        const count = this.records.length;
        const index = (this.records.indexOf(this.active) + step + count) % count;
        this.onOpen(this.records[index]);
        ev.currentTarget.querySelectorAll("[role='tab']")[index].focus();
    }

    async onAdd() {
        this.onOpen(await this.list.addNewRecord({ position: "bottom", mode: "edit" }));
    }

    async onRemove() {
        const index = this.records.indexOf(this.active);
        await this.list.delete(this.active);
        this.state.active = this.records[Math.max(index - 1, 0)]?.id;
    }
}

export const peopleTabsField = {
    component: PeopleTabsField,
    supportedTypes: ["one2many"],
    useSubView: true,
    extractProps: ({ views }, dynamicInfo) => ({
        views,
        readonly: dynamicInfo.readonly,
    }),
};

registry.category("fields").add("therapy_people_tabs", peopleTabsField);
