"""What registry decides. Pure: values in, values out."""
