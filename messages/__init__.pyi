from .errors import SaidError as SaidError
from .log import end_log as end_log
from .log import keep_out_of as keep_out_of
from .log import log_file as log_file
from .log import logged as logged
from .log import start_log as start_log
from .texts import LANGUAGES as LANGUAGES
from .texts import say as say
