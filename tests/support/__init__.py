"""What several tests need: deliveries written by hand, the pipeline without its command line, small municipalities."""
