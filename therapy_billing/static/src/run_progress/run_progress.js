import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onMounted, onWillUnmount, xml } from "@odoo/owl";

const SECONDS = 3;

/** Loads a billing run again and again while its bills are being made. */
export class TherapyRunProgress extends Component {
    static template = xml`<span class="d-none"/>`;
    static props = standardWidgetProps;

    setup() {
        onMounted(() => {
            this.timer = setInterval(() => this.refresh(), SECONDS * 1000);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    /** Load the record, unless the person is typing or the run has ended. */
    async refresh() {
        const { record } = this.props;
        if (record.resId && record.data.state === "running" && !record.dirty) {
            await record.load();
        }
    }
}

registry.category("view_widgets").add("therapy_run_progress", {
    component: TherapyRunProgress,
});
