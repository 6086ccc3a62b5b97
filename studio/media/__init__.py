"""Files: pictures in, clips out. It knows neither the engine nor the page."""
