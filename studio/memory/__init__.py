"""The papers: how a film's past is packed for the backbone. It knows neither engine nor page."""
