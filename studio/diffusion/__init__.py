"""The models: backbone, codec, conditioning and the section loop. It knows neither jobs nor files of a project."""
