from .errors import SaidError as SaidError
from .texts import LANGUAGES as LANGUAGES
from .texts import say as say
