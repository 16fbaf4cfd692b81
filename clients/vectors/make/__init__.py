"""Where the files of `clients/vectors` come from: values that must be computed, and the cases around them.

Made with nothing but cryptography, so that neither a library nor the server vouches for itself.
"""
