"""The only place that starts ffmpeg and reads frames; sound in and out."""
