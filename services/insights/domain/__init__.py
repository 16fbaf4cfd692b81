"""What is counted, and how: values in, values out."""
