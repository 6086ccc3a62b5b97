"""The machine: model folders, jobs, events, rendering of takes. It knows neither the document nor the page."""
